"""State of MSK in one region."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.cloud.service.stored import Stored


@dataclass
class Revision:
    properties: bytes
    """server.properties, as text."""
    description: str
    created: datetime


@dataclass
class Configuration:
    name: str
    arn: str
    description: str
    versions: list[str]
    """Kafka versions that it supports."""
    created: datetime
    revisions: list[Revision] = field(default_factory=list)
    """Revision 1 is the first."""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Operation:
    """An update of a cluster. It is carried out by the control loop, one at a time."""

    arn: str
    type: str
    """Such as UPDATE_SECURITY."""
    created: datetime
    source: dict[str, Any]
    """MutableClusterInfo before, of what changes."""
    target: dict[str, Any]
    change: dict[str, Any] = field(default_factory=dict)
    """Parameters of the cluster that take these values."""
    restarts: tuple[int, ...] = ()
    """Brokers that are restarted whatever changes."""
    new_addresses: tuple[str, ...] = ()
    """Of the brokers that are added."""
    state: str = "PENDING"
    ended: datetime | None = None

    @property
    def active(self) -> bool:
        return self.ended is None


@dataclass
class Cluster:
    region: str
    name: str
    arn: str
    inputs: dict[str, Any]
    """The request's parameters, which Describe operations return."""
    address: str
    """Of the first broker."""
    created: datetime
    tags: dict[str, str]
    state: str = "CREATING"
    version: str = "K1"
    more_addresses: tuple[str, ...] = ()
    """Of the other brokers. Clusters that were made before there could be several have one, whatever they asked for."""
    scram_secrets: tuple[str, ...] = ()
    """ARNs of the associated secrets."""
    scram_users: tuple[tuple[str, str, str], ...] = ()
    """What the brokers know: name, ARN of the secret, id of the secret's version."""
    racks: tuple[str, ...] = ()
    """Ids of the zones of its subnets, in their order."""
    operations: tuple[Operation, ...] = ()
    """The oldest first."""
    policy: str = ""
    """A JSON document: who may reach the brokers from elsewhere."""
    policy_version: int = 0
    """Counts the policies that were put."""

    @property
    def identifier(self) -> str:
        """Never reused, unlike the name."""
        return self.arn.rsplit("/", 1)[1]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Of broker 1, 2 and so on."""
        return (self.address, *self.more_addresses)

    @property
    def operation(self) -> Operation | None:
        """The one that is being carried out."""
        return next((operation for operation in self.operations if operation.active), None)

    def bump(self) -> None:
        """Sets the version that follows an update."""
        self.version = f"K{int(self.version[1:]) + 1}"


@dataclass
class Replicator(Stored):
    """Copies a cluster, of any region, to one of its own region."""

    region: str
    name: str
    arn: str
    inputs: dict[str, Any]
    """The request's parameters."""
    created: datetime
    tags: dict[str, str]
    state: str = "CREATING"
    version: str = "K1"
    trouble: str = ""
    """Why it is FAILED."""

    @property
    def identifier(self) -> str:
        """Never reused, unlike the name."""
        return self.arn.rsplit("/", 1)[1]

    @property
    def info(self) -> dict[str, Any]:
        """What it copies: from which cluster to which, and how."""
        return self.inputs["ReplicationInfoList"][0]

    def bump(self) -> None:
        """Sets the version that follows an update."""
        self.version = f"K{int(self.version[1:]) + 1}"


@dataclass
class MskState(Stored):
    region: str
    clusters: dict[str, Cluster] = field(default_factory=dict)
    """By ARN."""
    configurations: dict[str, Configuration] = field(default_factory=dict)
    """By ARN."""
    replicators: dict[str, Replicator] = field(default_factory=dict)
    """By ARN."""


def server_properties(text: bytes) -> dict[str, str]:
    """Keys and values of a server.properties; raises ValueError with an invalid line."""
    lines = [line.strip() for line in text.decode().splitlines()]
    found = {}
    for line in lines:
        if line and not line.startswith(("#", "!")):
            key, equals, value = line.partition("=")
            if not equals:
                raise ValueError(line)
            found[key.strip()] = value.strip()
    return found
