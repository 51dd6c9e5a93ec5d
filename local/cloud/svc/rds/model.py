"""State of RDS in one region."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Instance:
    region: str
    identifier: str
    resource_id: str
    """Unique for all time, unlike the identifier: names the folder and the address."""
    arn: str
    inputs: dict[str, Any]
    """What the caller asked for, as it was; without password and tags."""
    password: str
    address: str
    created: datetime
    tags: dict[str, str]
    status: str = "creating"

    @property
    def port(self) -> int:
        return int(self.inputs["Port"])


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
    """As in postgresql.conf; only those that were set."""


@dataclass
class RdsState:
    region: str
    instances: dict[str, Instance] = field(default_factory=dict)
    subnet_groups: dict[str, SubnetGroup] = field(default_factory=dict)
    parameter_groups: dict[str, ParameterGroup] = field(default_factory=dict)

    def settings(self, instance: Instance) -> dict[str, str]:
        """The parameters that an instance's group sets."""
        group = self.parameter_groups.get(instance.inputs["DBParameterGroupName"])
        return dict(group.parameters) if group else {}
