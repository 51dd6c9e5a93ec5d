"""State of ElastiCache in one region."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.cloud.service.groups.model import GroupState, ParameterGroup, SubnetGroup

__all__ = ["ParameterGroup", "SubnetGroup"]  # states on disk refer to both by this module


@dataclass
class Member:
    """A node of a replication group: cache cluster <group>-001, -002 ..."""

    name: str
    address: str
    zone: str


@dataclass
class Group:
    region: str
    name: str
    arn: str
    inputs: dict[str, Any]
    members: list[Member]
    """The first is the primary."""
    created: datetime
    tags: dict[str, str]
    status: str = "creating"
    leaving: list[Member] = field(default_factory=list)
    """Replicas to be deleted, with their data."""

    @property
    def port(self) -> int:
        return int(self.inputs.get("Port", 6379))


@dataclass
class CacheState(GroupState):
    groups: dict[str, Group] = field(default_factory=dict)

    @property
    def group_users(self) -> dict[str, Group]:
        return self.groups
