"""State of groups in one region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class SubnetGroup:
    name: str
    arn: str
    tags: dict[str, str]
    description: str
    vpc: str = ""
    subnets: list[tuple[str, str]] = field(default_factory=list)
    """Id and zone of each."""


@dataclass
class ParameterGroup:
    name: str
    arn: str
    tags: dict[str, str]
    description: str
    family: str
    parameters: dict[str, str] = field(default_factory=dict)
    """Only those that were set."""


@dataclass
class GroupState:
    """The part of a service's state that holds its groups."""

    region: str
    subnet_groups: dict[str, SubnetGroup] = field(default_factory=dict)
    parameter_groups: dict[str, ParameterGroup] = field(default_factory=dict)

    @property
    def group_users(self) -> Mapping[str, Any]:
        """Resources whose `inputs` name their groups."""
        raise NotImplementedError
