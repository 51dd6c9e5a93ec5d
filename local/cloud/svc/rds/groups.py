"""RDS's subnet groups and parameter groups."""

from __future__ import annotations

from local.cloud.service.base import Inputs
from local.cloud.service.groups.model import ParameterGroup
from local.cloud.service.groups.operations import ParameterGroups, SubnetGroups
from local.cloud.svc.rds import events, settings, version
from local.cloud.svc.rds.model import RdsState
from local.cloud.svc.rds.parameters import change


def _apply(state: RdsState, group: ParameterGroup, inputs: Inputs) -> None:
    """Servers get at once what is to be applied immediately; the rest at their next reboot."""
    given = {parameter["ParameterName"].lower(): parameter["ApplyMethod"] for parameter in inputs["Parameters"]}
    group.methods = (group.methods or {}) | given
    now = {name for name, method in given.items() if method == "immediate"}
    events.of_parameter_group(state, group.name, group.arn, f"Updated parameters {', '.join(sorted(given))}")
    reload(state, group, now)


def reload(state: RdsState, group: ParameterGroup, names: set[str]) -> None:
    """Gives the values that the group has now to the servers that use it."""
    for instance in state.instances.values():
        if instance.inputs["DBParameterGroupName"] == group.name and names:
            wanted = settings.of(state, instance)
            before = wanted if instance.running is None else instance.running
            running = {name: value for name, value in before.items() if name not in names}
            instance.running = running | {name: wanted[name] for name in names if name in wanted}
            if instance.status == "available":
                instance.status = "modifying"


SUBNET_GROUPS = SubnetGroups(
    service="rds",
    noun="DBSubnetGroup",
    arn_type="subgrp",
    exists=("DBSubnetGroupAlreadyExistsFault", "The DB subnet group '{}' already exists."),
    missing=("DBSubnetGroupNotFoundFault", "DB subnet group '{}' does not exist."),
    in_use=("InvalidDBSubnetGroupStateFault", "The DB subnet group '{}' is in use."),
    name_pattern=r"(?!default$)[A-Za-z][A-Za-z0-9._ -]{0,254}",
    network_type="IPV4",
    too_few_zones=(
        "DBSubnetGroupDoesNotCoverEnoughAZs",
        "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement: at least 2.",
    ),
)
PARAMETER_GROUPS = ParameterGroups(
    service="rds",
    noun="DBParameterGroup",
    arn_type="pg",
    exists=("DBParameterGroupAlreadyExists", "Parameter group {} already exists"),
    missing=("DBParameterGroupNotFound", "DBParameterGroup not found: {}"),
    in_use=("InvalidDBParameterGroupState", "One or more instances use {}."),
    family=version.family,
    unsupported_family="Invalid DB parameter group family: {}; instances here are {}.",
    changes=change.changes,
    changed=_apply,
)
