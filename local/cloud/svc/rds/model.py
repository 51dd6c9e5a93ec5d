"""State of RDS in one region."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.cloud.service.groups.model import GroupState, ParameterGroup, SubnetGroup
from local.cloud.service.stored import Stored
from local.cloud.svc.rds.replicated_backups import ReplicatedBackups
from local.cloud.svc.rds.replication import Health

__all__ = ["ParameterGroup", "SubnetGroup"]  # states on disk refer to both by this module

FAILED = "failed"
"""Status of an instance that can only be deleted."""
INCOMPATIBLE = "incompatible-parameters"
"""Status of an instance whose server does not start with the parameters of its group."""


def endpoint_name(identifier: str) -> str:
    """By which the address of an instance is known. AWS makes the DNS name of account, region and identifier: an
    instance that is deleted and made again is found where it was."""
    return f"rds-{identifier}"


@dataclass(frozen=True)
class Restoration:
    """The instance begins with the base backup `snapshot` (a snapshot's `resource_id`).

    With `source`, the resource id of an instance, its transactions follow: those up to `until`, or all. With `copies`,
    the identifier of replicated backups, both are what was copied.
    """

    snapshot: str
    source: str = ""
    until: datetime | None = None
    copies: str = ""


@dataclass(frozen=True)
class Following:
    """The instance is a read replica of the instance `resource_id` in `region`, whose ARN is `arn`."""

    arn: str
    region: str
    resource_id: str


@dataclass
class Instance(Stored):
    region: str
    identifier: str
    resource_id: str
    """Never reused, unlike the identifier: names the folder and the address."""
    arn: str
    inputs: dict[str, Any]
    """The request's parameters without password and tags, as they are in force."""
    password: str
    address: str
    created: datetime
    tags: dict[str, str]
    status: str = "creating"
    origin: Restoration | Following | None = None
    """None for an instance that began empty, and for a promoted replica."""
    pending: dict[str, Any] = field(default_factory=dict)
    """Modifications that wait for the maintenance window, by the name of their parameter."""
    running: dict[str, str] | None = None
    """Parameters that its server has; those of its group may wait for a reboot. None before the first start."""
    ready: bool = False
    """Whether its master user and its database were made."""
    promoting: bool = False
    """Whether a replica is to become an instance of its own."""
    health: Health | None = None
    """Of a replica's replication when it was last looked at; None before that."""
    slots: list[str] = field(default_factory=list)
    """Replication slots that its server may have for its replicas, those that have gone included."""
    keeps_backups: bool = False
    """Whether its automated backups are retained when it is deleted."""

    def __setstate__(self, stored: dict[str, Any]) -> None:
        super().__setstate__({"ready": stored.get("status") != "creating", **stored})

    @property
    def port(self) -> int:
        return int(self.inputs["Port"])

    @property
    def retention(self) -> int:
        """Days of automated backups; 0 is none."""
        return int(self.inputs.get("BackupRetentionPeriod", 1))

    @property
    def slot(self) -> str:
        """Name of its replication slot on its source, when it is a replica."""
        return f"rds_{self.region}_{self.resource_id}".replace("-", "_").lower()

    @property
    def following(self) -> Following | None:
        return self.origin if isinstance(self.origin, Following) else None


@dataclass
class Snapshot(Stored):
    """Manual, automated (a base backup for restores to a point in time), or a copy of another one."""

    region: str
    identifier: str
    resource_id: str
    """Never reused: names the folder."""
    arn: str
    type: str
    """manual or automated."""
    instance: str
    """Identifier of the instance; it may be gone."""
    instance_resource_id: str
    instance_created: datetime
    inputs: dict[str, Any]
    """Of the instance when the snapshot was taken."""
    password: str
    """Of the master user."""
    created: datetime
    tags: dict[str, str]
    status: str = "creating"
    completed: datetime | None = None
    """The base backup has every transaction that was committed before `created`, and none after this."""
    copied_from: tuple[str, str] | None = None
    """Region and resource id of the snapshot that this one copies."""
    copied_from_arn: str = ""
    vpc: str = ""


@dataclass(frozen=True)
class Event:
    at: datetime
    source_type: str
    """As in DescribeEvents: db-instance, db-snapshot, db-parameter-group ..."""
    source: str
    arn: str
    message: str
    categories: tuple[str, ...]


@dataclass
class RdsState(Stored, GroupState):
    instances: dict[str, Instance] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    replicated_backups: dict[str, ReplicatedBackups] = field(default_factory=dict)
    """By identifier: of instances of other regions, and of those that were deleted here."""

    @property
    def group_users(self) -> dict[str, Instance]:
        return self.instances

    def taggable(self) -> list[Any]:
        return [*super().taggable(), *self.snapshots.values(), *self.replicated_backups.values()]

    def snapshots_of(self, resource_id: str, type: str | None = None) -> list[Snapshot]:
        """Of the instance with this resource id, the oldest first."""
        found = [s for s in self.snapshots.values() if s.instance_resource_id == resource_id and type in (None, s.type)]
        return sorted(found, key=lambda snapshot: snapshot.created)
