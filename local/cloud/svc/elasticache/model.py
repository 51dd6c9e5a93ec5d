"""State of ElastiCache in one region."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.cloud.service.groups.model import GroupState, ParameterGroup, SubnetGroup
from local.cloud.svc.elasticache.auth import NO_AUTH, Auth

__all__ = ["ParameterGroup", "SubnetGroup"]  # states on disk refer to both by this module


@dataclass
class Member:
    """A node of a replication group: cache cluster <group>-001, -002 ..."""

    name: str
    address: str
    zone: str


@dataclass(frozen=True)
class Endpoints:
    """Addresses that lead to the primary and to a replica, whichever members those are."""

    primary: str
    reader: str


@dataclass
class Group:
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

    def aliases(self, member: Member) -> tuple[str, ...]:
        """The endpoints' addresses that `member` has, besides its own."""
        if self.endpoints is None:
            return ()
        primary = [self.endpoints.primary] if member is self.primary else []
        return (*primary, *([self.endpoints.reader] if member is self.reader else []))

    @property
    def endpoint_names(self) -> tuple[str, str]:
        """Under which the endpoints' addresses are allocated; no member can be called so."""
        return f"{self.name}.primary", f"{self.name}.reader"

    @property
    def encrypted_in_transit(self) -> bool:
        return bool(self.inputs.get("TransitEncryptionEnabled"))

    @property
    def port(self) -> int:
        return int(self.inputs.get("Port", 6379))


@dataclass
class CacheState(GroupState):
    groups: dict[str, Group] = field(default_factory=dict)

    @property
    def group_users(self) -> dict[str, Group]:
        return self.groups
