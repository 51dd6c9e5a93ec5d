"""State of EKS in one region."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from typing import Any


class Kept:
    """A part of the state on disk. One written before a field existed gets that field's default."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        for known in fields(self):  # pyright: ignore[reportArgumentType]
            if known.default is not MISSING:
                self.__dict__[known.name] = known.default
            elif known.default_factory is not MISSING:
                self.__dict__[known.name] = known.default_factory()
        self.__dict__ |= state


@dataclass
class Update(Kept):
    """A change of a cluster, of one of its node groups or of one of its add-ons."""

    id: str
    type: str
    params: list[dict[str, str]]
    created: datetime
    status: str = "Successful"
    node_group: str = ""
    addon: str = ""


@dataclass
class NodeSession(Kept):
    """Credentials of the role of a group's nodes."""

    access_key: str
    secret_key: str
    token: str
    expiration: datetime


@dataclass
class NodeGroup(Kept):
    cluster: str
    name: str
    arn: str
    inputs: dict[str, Any]
    """The request's parameters with defaults, which Describe operations return."""
    created: datetime
    modified: datetime
    status: str = "CREATING"
    generation: int = 0
    """Rises when the nodes are to be replaced; each node keeps that of its start."""
    session: NodeSession | None = None
    """The credentials of the nodes' role, while something on the nodes needs them."""


@dataclass
class Addon(Kept):
    name: str
    arn: str
    inputs: dict[str, Any]
    created: datetime
    modified: datetime
    status: str = "CREATING"


@dataclass
class AccessEntry(Kept):
    """The Kubernetes identity of an IAM principal."""

    arn: str
    inputs: dict[str, Any]
    created: datetime
    modified: datetime
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Policy ARN -> its association."""


@dataclass
class PodIdentityAssociation(Kept):
    """The IAM role of a ServiceAccount."""

    id: str
    arn: str
    inputs: dict[str, Any]
    created: datetime
    modified: datetime

    @property
    def subject(self) -> tuple[str, str]:
        """Namespace and name of the ServiceAccount."""
        return self.inputs["namespace"], self.inputs["serviceAccount"]


@dataclass
class Cluster(Kept):
    region: str
    name: str
    identifier: str
    """Never reused, unlike the name."""
    arn: str
    inputs: dict[str, Any]
    """The request's parameters with defaults, which Describe operations return."""
    address: str
    security_group: str
    created: datetime
    status: str = "CREATING"
    authority: str = ""
    """The certificate of its CA, PEM in base64."""
    node_groups: dict[str, NodeGroup] = field(default_factory=dict)
    addons: dict[str, Addon] = field(default_factory=dict)
    deleted_addons: dict[str, str | None] = field(default_factory=dict)
    """By name: the configurationValues of the software that the deletion preserved; None where it removed it."""
    access: dict[str, AccessEntry] = field(default_factory=dict)
    """By the principal's ARN."""
    history: dict[str, Update] = field(default_factory=dict)
    """Its updates by their id."""
    associations: dict[str, PodIdentityAssociation] = field(default_factory=dict)
    """By their id."""
    provisioned: str = ""
    """Digest of the objects that EKS itself last put into the cluster."""

    def association_of(self, namespace: str, service_account: str) -> PodIdentityAssociation | None:
        subject = namespace, service_account
        return next((known for known in self.associations.values() if known.subject == subject), None)


@dataclass
class EksState(Kept):
    region: str
    clusters: dict[str, Cluster] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    """What was answered to a clientRequestToken: see `operations.idempotency`."""
