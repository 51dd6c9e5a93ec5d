"""ElastiCache's subnet groups and parameter groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local.cloud.context import CloudContext
from local.cloud.moto_backends import lookups
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.service.groups.model import GroupState, ParameterGroup
from local.cloud.service.groups.operations import ParameterGroups, SubnetGroups
from local.cloud.svc.elasticache.catalog import versions
from local.cloud.svc.elasticache.catalog.node_types import MEMORY
from local.cloud.svc.elasticache.catalog.parameters import NOT_HERE, PARAMETERS, Parameter
from local.cloud.svc.elasticache.model import CacheState

_INVALID = "InvalidParameterValue"
_MOST_CHANGES = 20
"""Source: ParameterNameValues of ModifyCacheParameterGroup."""

SUBNET_GROUPS = SubnetGroups(
    service="elasticache",
    noun="CacheSubnetGroup",
    arn_type="subnetgroup",
    exists=("CacheSubnetGroupAlreadyExists", "Cache subnet group {} already exists."),
    missing=("CacheSubnetGroupNotFoundFault", "CacheSubnetGroup {} not found."),
    in_use=("CacheSubnetGroupInUse", "Cache subnet group {} is in use."),
    network_type="ipv4",
    name_pattern="[a-z0-9-]{1,255}",
)


def check_changes(wanted: dict[str, str | None]) -> dict[str, str]:
    """The parameters that a modification sets. Raises AwsError for those that AWS, or this cloud, does not set."""
    if not 1 <= len(wanted) <= _MOST_CHANGES:
        raise AwsError(_INVALID, f"1 to {_MOST_CHANGES} parameters can be changed at once.")
    for name, value in wanted.items():
        parameter = PARAMETERS.get(name)
        if parameter is None:
            raise AwsError(_INVALID, f"The parameter {name} does not exist in {versions.FAMILY}.")
        if not parameter.modifiable:
            raise AwsError(_INVALID, f"The parameter {name} cannot be modified.")
        if value is None or not parameter.accepts(value):
            allowed = parameter.allowed_values or "other text"
            raise AwsError(_INVALID, f"{name} cannot be {value}; allowed is {allowed}.")
        if name in NOT_HERE and value != parameter.default:
            raise unsupported(NOT_HERE[name])
    return {name: value for name, value in wanted.items() if value is not None}


def _named(inputs: Inputs) -> dict[str, str | None]:
    return {entry.get("ParameterName", ""): entry.get("ParameterValue") for entry in inputs["ParameterNameValues"]}


def _changed(state: CacheState, group: ParameterGroup, names: set[str]) -> None:
    """Running nodes take over what needs no reboot; the rest waits for one."""
    for user in state.group_users.values():
        if user.inputs.get("CacheParameterGroupName") != group.name or user.status == "deleting":
            continue
        user.change(user.status)
        for member in user.members:
            member.needs_reboot = member.needs_reboot or any(PARAMETERS[name].reboot for name in names)


@dataclass(frozen=True, kw_only=True)
class CacheParameterGroups(ParameterGroups):
    """Those of the caller and the two default ones, which exist without being made and cannot be changed."""

    def defaults(self, state: GroupState) -> dict[str, ParameterGroup]:
        return {
            name: ParameterGroup(
                name,
                CloudContext.arn("elasticache", state.region, f"parametergroup:{name}"),
                {},
                f"Default parameter group for {versions.FAMILY}{' with cluster mode' * name.endswith('.on')}",
                versions.FAMILY,
            )
            for name in (versions.DEFAULT_GROUP, versions.CLUSTER_DEFAULT_GROUP)
        }

    def own(self, state: GroupState, name: str) -> ParameterGroup:
        if name.lower() in self.defaults(state):
            raise AwsError(self.in_use[0], f"The default parameter group {name} cannot be changed or deleted.")
        return super().own(state, name)

    def find(self, state: GroupState, name: str) -> ParameterGroup:
        return self.defaults(state).get(name.lower()) or self.own(state, name)

    def all(self, state: GroupState) -> list[ParameterGroup]:
        known = [*self.defaults(state).values(), *self.of(state).values()]
        return sorted(known, key=lambda group: group.name)

    def make(self, state: GroupState, name: str, arn: str, inputs: Inputs) -> ParameterGroup:
        family = inputs[f"{self.noun}Family"]
        if family not in versions.FAMILIES:
            raise AwsError(_INVALID, f"CacheParameterGroupFamily {family} is not a valid parameter group family.")
        if family != versions.FAMILY:
            raise unsupported(f"the family {family}; {versions.FAMILY} is installed")
        return super().make(state, name, arn, inputs)

    def reset(self, state: CacheState, inputs: Inputs) -> Output:
        known = self.own(state, inputs["CacheParameterGroupName"])
        named = [entry.get("ParameterName", "") for entry in inputs.get("ParameterNameValues", [])]
        if bool(inputs.get("ResetAllParameters")) == bool(named):
            raise AwsError("InvalidParameterCombination", "Give either ResetAllParameters or ParameterNameValues.")
        unknown = [name for name in named if name not in PARAMETERS]
        if unknown:
            raise AwsError(_INVALID, f"The parameter {unknown[0]} does not exist in {versions.FAMILY}.")
        before, reset = dict(known.parameters), set(named or known.parameters)
        known.parameters = {name: value for name, value in before.items() if name not in reset}
        _changed(state, known, reset & set(before) & set(PARAMETERS))
        return {"CacheParameterGroupName": known.name}

    def describe_parameters(self, state: GroupState, inputs: Inputs) -> Output:
        group = self.find(state, inputs["CacheParameterGroupName"])
        cluster = group.name == versions.CLUSTER_DEFAULT_GROUP
        source = inputs.get("Source")
        if source not in (None, "user", "system", "engine-default"):
            raise AwsError(_INVALID, f"Source is {source}; it must be user, system or engine-default.")
        rows = [_row(p, group.parameters.get(p.name), cluster) for p in PARAMETERS.values()]
        chosen = [row for row in rows if source in (None, row["Source"])]
        specific = [_of_node_types()] if source in (None, "system") else []
        return {"Parameters": chosen, "CacheNodeTypeSpecificParameters": specific}


PARAMETER_GROUPS = CacheParameterGroups(
    service="elasticache",
    noun="CacheParameterGroup",
    arn_type="parametergroup",
    exists=("CacheParameterGroupAlreadyExists", "Cache parameter group {} already exists."),
    missing=("CacheParameterGroupNotFound", "CacheParameterGroup {} not found."),
    in_use=("InvalidCacheParameterGroupState", "Cache parameter group {} is in use."),
    family=lambda: versions.FAMILY,
    unsupported_family="The family {} is not supported here; use {}.",
    changes=lambda inputs: check_changes(_named(inputs)),
    changed=lambda state, group, inputs: _changed(state, group, set(_named(inputs))),
)


class GroupOperations(Service[CacheState]):
    """The part of ElastiCache's API that has no process behind it."""

    create_cache_subnet_group = staticmethod(SUBNET_GROUPS.create)
    modify_cache_subnet_group = staticmethod(SUBNET_GROUPS.modify)
    describe_cache_subnet_groups = staticmethod(SUBNET_GROUPS.describe)
    delete_cache_subnet_group = staticmethod(SUBNET_GROUPS.delete)
    create_cache_parameter_group = staticmethod(PARAMETER_GROUPS.create)
    modify_cache_parameter_group = staticmethod(PARAMETER_GROUPS.modify)
    describe_cache_parameter_groups = staticmethod(PARAMETER_GROUPS.describe)
    describe_cache_parameters = staticmethod(PARAMETER_GROUPS.describe_parameters)
    delete_cache_parameter_group = staticmethod(PARAMETER_GROUPS.delete)
    reset_cache_parameter_group = staticmethod(PARAMETER_GROUPS.reset)

    def describe_engine_default_parameters(self, state: CacheState, inputs: Inputs) -> Output:
        family = inputs["CacheParameterGroupFamily"]
        if family not in versions.FAMILIES:
            raise AwsError(_INVALID, f"CacheParameterGroupFamily {family} is not a valid parameter group family.")
        if family != versions.FAMILY:
            raise unsupported(f"the family {family}; {versions.FAMILY} is installed")
        rows = [_row(parameter, None, False) for parameter in PARAMETERS.values()]
        defaults = {"Parameters": rows, "CacheNodeTypeSpecificParameters": [_of_node_types()]}
        return {"EngineDefaults": {"CacheParameterGroupFamily": family, **defaults}}


def zones_of(state: CacheState, subnet_group: str | None) -> list[str]:
    """In which nodes can be placed: those of the subnet group, or of the region without one."""
    if subnet_group is None:
        return lookups.zones(state.region)
    return sorted({zone for _, zone in SUBNET_GROUPS.find(state, subnet_group).subnets})


def _row(parameter: Parameter, value: str | None, cluster: bool) -> dict[str, Any]:
    default = "yes" if cluster and parameter.name == "cluster-enabled" else parameter.default
    return {
        "ParameterName": parameter.name,
        "ParameterValue": default if value is None else value,
        "Source": "system" if value is None else "user",
        "DataType": parameter.data_type,
        "AllowedValues": parameter.allowed_values,
        "IsModifiable": parameter.modifiable,
        "MinimumEngineVersion": "7.0.4",
        "ChangeType": "requires-reboot" if parameter.reboot else "immediate",
    }


def _of_node_types() -> dict[str, Any]:
    return {
        "ParameterName": "maxmemory",
        "Description": "The maximum configurable amount of memory to use to store items, in bytes.",
        "Source": "system",
        "DataType": "integer",
        "AllowedValues": "0-",
        "IsModifiable": False,
        "MinimumEngineVersion": "7.0.4",
        "ChangeType": "immediate",
        "CacheNodeTypeSpecificValues": [{"CacheNodeType": name, "Value": str(size)} for name, size in MEMORY.items()],
    }
