"""State of ElastiCache in one region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.cloud.service.groups.model import GroupState, ParameterGroup, SubnetGroup
from local.cloud.svc.elasticache.auth import NO_AUTH, Auth
from local.cloud.svc.elasticache.catalog.node_types import MEMORY
from local.cloud.svc.elasticache.global_group import GlobalGroup, Upstream

__all__ = ["ParameterGroup", "SubnetGroup"]  # states on disk refer to both by this module

_SMALLEST = "cache.t4g.micro"


@dataclass
class Member:
    """A node of a replication group: cache cluster <group>-001, -002 ..."""

    name: str
    address: str
    zone: str
    tags: dict[str, str] | None = None
    """Of its own; None while it has those of its group."""
    created: datetime | None = None
    needs_reboot: bool = False
    """Whether a parameter was changed that takes effect when it is rebooted."""


@dataclass(frozen=True)
class Endpoints:
    """Addresses that lead to the primary and to a replica, whichever members those are."""

    primary: str
    reader: str


@dataclass
class Group:
    """A replication group, or a cache cluster that belongs to none."""

    region: str
    name: str
    arn: str
    inputs: dict[str, Any]
    members: list[Member]
    """In the order of their numbers."""
    created: datetime
    tags: dict[str, str]
    status: str = "creating"
    leaving: list[Member] = field(default_factory=list)
    """Replicas to be deleted, with their data."""
    administrator: str = ""
    """Password of the provider's user in Redis; groups made before there was one have none."""
    auth: Auth = NO_AUTH
    token_changed: datetime | None = None
    primary_name: str = ""
    """Member that is the primary; the first if empty."""
    endpoints: Endpoints | None = None
    """None in groups made before these addresses existed."""
    standalone: bool = False
    """Whether it is a cache cluster of one node, in no replication group."""
    pending: Mapping[str, Any] = field(default_factory=dict)
    """Inputs of modifications that wait for the maintenance window. Replaced, never changed."""
    unapplied: bool = False
    """Whether running engines differ from what is described, with the status left as it is."""
    failover: str = ""
    """Member that is to become primary; "any" for the one with the most data."""
    rebooting: tuple[str, ...] = ()
    """Members to be restarted."""
    seed: str = ""
    """Snapshot that its data comes from, until the primary has it."""
    final_snapshot: str = ""
    revision: int = 0
    """Counts the requests that changed what its engines should be."""
    trouble: str = ""
    """Why its engines could not be started last."""
    datastore: str = ""
    """Id of the global datastore that it belongs to."""
    upstream: Upstream | None = None
    """What its primary node replicates, as the secondary of a global datastore; it takes no writes then."""
    held: bool = False
    """Whether its servers are left to the global datastore, which is changing its primary."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({"pending": {}, "leaving": []} | state)  # former states lack fields with factories

    def change(self, status: str) -> None:
        """Call when its engines should be something else than before."""
        self.revision += 1
        self.unapplied = True
        self.status = status

    @property
    def port(self) -> int:
        return int(self.inputs.get("Port", 6379))

    @property
    def node_type(self) -> str:
        node_type = self.inputs.get("CacheNodeType", _SMALLEST)
        return node_type if node_type in MEMORY else _SMALLEST  # former states may hold any text

    @property
    def primary(self) -> Member:
        return next((member for member in self.members if member.name == self.primary_name), self.members[0])

    @property
    def replicas(self) -> list[Member]:
        primary = self.primary
        return [member for member in self.members if member is not primary]

    @property
    def reader(self) -> Member:
        """Whom the reader endpoint leads to: the primary when there is no replica."""
        return (self.replicas or self.members)[0]

    @property
    def automatic_failover(self) -> bool:
        return bool(self.inputs.get("AutomaticFailoverEnabled"))

    @property
    def encrypted_in_transit(self) -> bool:
        return bool(self.inputs.get("TransitEncryptionEnabled"))

    @property
    def encryption_required(self) -> bool:
        """Of clients, where there is encryption in transit."""
        return self.inputs.get("TransitEncryptionMode", "required") == "required"

    def aliases(self, member: Member) -> tuple[str, ...]:
        """The endpoints' addresses that `member` has, besides its own."""
        if self.endpoints is None:
            return ()
        primary = [self.endpoints.primary] if member is self.primary else []
        reader = [self.endpoints.reader] if member is self.reader else []
        return tuple(address for address in (*primary, *reader) if address != member.address)

    @property
    def endpoint_names(self) -> tuple[str, str]:
        """Under which the endpoints' addresses are allocated; no member can be called so."""
        return f"{self.name}.primary", f"{self.name}.reader"


@dataclass
class Snapshot:
    """A backup; its RDB file lies in the folder of its name."""

    region: str
    name: str
    arn: str
    tags: dict[str, str]
    described: dict[str, Any]
    """What it says of its source, as DescribeSnapshots returns it."""
    created: datetime
    automatic: bool = False
    status: str = "creating"
    copy_of: str = ""
    size: int = 0
    """Bytes."""


@dataclass(frozen=True)
class Event:
    at: datetime
    source: str
    type: str
    """Of the source, as in DescribeEvents."""
    message: str


@dataclass
class CacheState(GroupState):
    groups: dict[str, Group] = field(default_factory=dict)
    """Replication groups."""
    clusters: dict[str, Group] = field(default_factory=dict)
    """Cache clusters in no replication group."""
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    datastores: dict[str, GlobalGroup] = field(default_factory=dict)
    """Global datastores that were made in this region, by id."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({"clusters": {}, "snapshots": {}, "events": [], "datastores": {}} | state)

    @property
    def group_users(self) -> dict[str, Group]:
        return self.groups | {f"cluster:{name}": group for name, group in self.clusters.items()}

    def member(self, name: str) -> tuple[Group, Member] | None:
        """The cache cluster `name`, in a replication group or alone."""
        pairs = ((group, member) for group in self.group_users.values() for member in group.members)
        return next(((group, member) for group, member in pairs if member.name == name), None)
