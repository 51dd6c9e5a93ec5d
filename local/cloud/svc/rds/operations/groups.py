"""The operations on subnet groups, parameter groups and tags."""

from __future__ import annotations

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.service.groups.model import ParameterGroup
from local.cloud.service.groups.operations import ResourceTags
from local.cloud.svc.rds import names, version
from local.cloud.svc.rds.filters import filtered
from local.cloud.svc.rds.groups import PARAMETER_GROUPS, SUBNET_GROUPS, reload
from local.cloud.svc.rds.model import RdsState
from local.cloud.svc.rds.parameters import change
from local.cloud.svc.rds.parameters.rows import rows

_TAGS = ResourceTags(
    "rds",
    {
        "db": "DBInstanceNotFound",
        "snapshot": "DBSnapshotNotFound",
        "pg": "DBParameterGroupNotFound",
        "subgrp": "DBSubnetGroupNotFoundFault",
    },
    "InvalidParameterValue",
)

_FILTERS = {"parameter-name": lambda row: [row["ParameterName"]]}


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
        given = inputs.get("Parameters", [])
        everything = bool(inputs.get("ResetAllParameters"))
        if everything == bool(given):
            raise AwsError("InvalidParameterCombination", "Give either ResetAllParameters or Parameters.")
        reset, now = set(known.parameters), set[str]()
        if not everything:
            methods = {p["ParameterName"].lower(): p.get("ApplyMethod", "") for p in given}
            for name, method in methods.items():
                change.modifiable(name, method)
            reset, now = set(methods), {name for name, method in methods.items() if method == "immediate"}
        known.parameters = {name: value for name, value in known.parameters.items() if name not in reset}
        known.methods = {name: method for name, method in (known.methods or {}).items() if name not in reset}
        reload(state, known, now)
        return {"DBParameterGroupName": known.name}

    def copy_db_parameter_group(self, state: RdsState, inputs: Inputs) -> Output:
        text = inputs["SourceDBParameterGroupIdentifier"]
        source = PARAMETER_GROUPS.find(state, names.local_name(state, text, "pg") or text)
        made = PARAMETER_GROUPS.create(
            state,
            {
                "DBParameterGroupName": inputs["TargetDBParameterGroupIdentifier"],
                "DBParameterGroupFamily": source.family,
                "Description": inputs["TargetDBParameterGroupDescription"],
                "Tags": inputs.get("Tags", []),
            },
        )
        copy = PARAMETER_GROUPS.own(state, inputs["TargetDBParameterGroupIdentifier"])
        copy.parameters, copy.methods = dict(source.parameters), dict(source.methods or {})
        return made

    def describe_db_parameters(self, state: RdsState, inputs: Inputs) -> Output:
        group = PARAMETER_GROUPS.find(state, inputs["DBParameterGroupName"])
        found = rows(group.parameters, group.methods or _immediate(group), inputs.get("Source"))
        return {"Parameters": filtered(found, inputs.get("Filters", []), _FILTERS)}

    def describe_engine_default_parameters(self, state: RdsState, inputs: Inputs) -> Output:
        family = inputs["DBParameterGroupFamily"]
        if family != version.family():
            message = f"Invalid DB parameter group family: {family}; instances here are {version.family()}."
            raise AwsError("InvalidParameterValue", message)
        return {"EngineDefaults": {"DBParameterGroupFamily": family, "Parameters": rows({}, {})}}


def _immediate(group: ParameterGroup) -> dict[str, str]:
    """Of groups that were stored before methods were."""
    return dict.fromkeys(group.parameters, "immediate")
