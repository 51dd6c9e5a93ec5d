"""RDS's subnet groups, parameter groups and tags."""

from __future__ import annotations

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.service.groups.model import ParameterGroup
from local.cloud.service.groups.operations import ParameterGroups, ResourceTags, SubnetGroups
from local.cloud.svc.rds import version
from local.cloud.svc.rds.model import RdsState


def _changes(inputs: Inputs) -> dict[str, str]:
    changes = {p["ParameterName"].lower(): p["ParameterValue"] for p in inputs["Parameters"]}
    for name, value in changes.items():
        if name not in version.parameters() and not name.startswith("rds."):
            raise AwsError("InvalidParameterValue", f"Could not find parameter with name: {name}")
        if name == "rds.force_ssl" and value not in ("0", "1"):
            raise AwsError("InvalidParameterValue", f"Invalid parameter value: {value} for: {name} allowed values: 0,1")
    return changes


def _reconfigure_users(state: RdsState, group: ParameterGroup) -> None:
    """Running servers reload what needs no restart; the rest takes effect at their next reboot."""
    for instance in state.instances.values():
        if instance.inputs["DBParameterGroupName"] == group.name and instance.status == "available":
            instance.status = "modifying"


SUBNET_GROUPS = SubnetGroups(
    service="rds",
    noun="DBSubnetGroup",
    arn_type="subgrp",
    exists=("DBSubnetGroupAlreadyExistsFault", "The DB subnet group '{}' already exists."),
    missing=("DBSubnetGroupNotFoundFault", "DB subnet group '{}' does not exist."),
    in_use=("InvalidDBSubnetGroupStateFault", "The DB subnet group '{}' is in use."),
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
    changes=_changes,
    changed=_reconfigure_users,
)
_TAGS = ResourceTags("DBInstanceNotFound")


class GroupOperations(Service[RdsState]):
    """The part of RDS's API that has no process behind it."""

    create_db_subnet_group = staticmethod(SUBNET_GROUPS.create)
    modify_db_subnet_group = staticmethod(SUBNET_GROUPS.modify)
    describe_db_subnet_groups = staticmethod(SUBNET_GROUPS.describe)
    delete_db_subnet_group = staticmethod(SUBNET_GROUPS.delete)
    create_db_parameter_group = staticmethod(PARAMETER_GROUPS.create)
    modify_db_parameter_group = staticmethod(PARAMETER_GROUPS.modify)
    describe_db_parameter_groups = staticmethod(PARAMETER_GROUPS.describe)
    delete_db_parameter_group = staticmethod(PARAMETER_GROUPS.delete)
    add_tags_to_resource = staticmethod(_TAGS.add)
    remove_tags_from_resource = staticmethod(_TAGS.remove)
    list_tags_for_resource = staticmethod(_TAGS.list)

    def reset_db_parameter_group(self, state: RdsState, inputs: Inputs) -> Output:
        known = PARAMETER_GROUPS.own(state, inputs["DBParameterGroupName"])
        if inputs.get("ResetAllParameters"):
            known.parameters.clear()
        for parameter in inputs.get("Parameters", []):
            known.parameters.pop(parameter["ParameterName"].lower(), None)
        _reconfigure_users(state, known)
        return {"DBParameterGroupName": known.name}

    def describe_db_parameters(self, state: RdsState, inputs: Inputs) -> Output:
        found = PARAMETER_GROUPS.describe_parameters(state, inputs)["Parameters"]
        common = {"ApplyMethod": "immediate", "IsModifiable": True}
        of_users = inputs.get("Source", "user") == "user"
        return {"Parameters": [{**parameter, **common} for parameter in found] if of_users else []}
