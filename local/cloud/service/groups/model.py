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
    methods: dict[str, str] | None = None
    """How each of them is applied: immediate or pending-reboot; None when the service does not distinguish."""


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

    def taggable(self) -> list[Any]:
        """Everything with an `arn` and `tags`."""
        return [*self.group_users.values(), *self.subnet_groups.values(), *self.parameter_groups.values()]
