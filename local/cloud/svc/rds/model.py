"""State of RDS in one region."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.cloud.service.groups.model import GroupState, ParameterGroup, SubnetGroup

__all__ = ["ParameterGroup", "SubnetGroup"]  # states on disk refer to both by this module

_DEFAULTS = {"rds.force_ssl": "1"}
"""Parameters that RDS adds to PostgreSQL's: connections without TLS are refused from version 15 on.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html"""


@dataclass
class Instance:
    region: str
    identifier: str
    resource_id: str
    """Never reused, unlike the identifier: names the folder and the address."""
    arn: str
    inputs: dict[str, Any]
    """The request's parameters without password and tags."""
    password: str
    address: str
    created: datetime
    tags: dict[str, str]
    status: str = "creating"

    @property
    def port(self) -> int:
        return int(self.inputs["Port"])


@dataclass
class RdsState(GroupState):
    instances: dict[str, Instance] = field(default_factory=dict)

    @property
    def group_users(self) -> dict[str, Instance]:
        return self.instances

    def settings(self, instance: Instance) -> dict[str, str]:
        """The parameters of an instance's group: RDS's own defaults, and what the group sets."""
        group = self.parameter_groups.get(instance.inputs["DBParameterGroupName"])
        return _DEFAULTS | (group.parameters if group else {})
