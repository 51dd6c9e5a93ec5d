"""State of ElastiCache in one region."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


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
    """Replicas that are to end, with their data."""

    @property
    def port(self) -> int:
        return int(self.inputs.get("Port", 6379))


@dataclass
class SubnetGroup:
    name: str
    arn: str
    description: str
    vpc: str
    subnets: list[tuple[str, str]]
    """Id and zone of each."""
    tags: dict[str, str]


@dataclass
class ParameterGroup:
    name: str
    arn: str
    family: str
    description: str
    tags: dict[str, str]
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass
class CacheState:
    region: str
    groups: dict[str, Group] = field(default_factory=dict)
    subnet_groups: dict[str, SubnetGroup] = field(default_factory=dict)
    parameter_groups: dict[str, ParameterGroup] = field(default_factory=dict)
