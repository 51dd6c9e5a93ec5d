"""ElastiCache's subnet groups, parameter groups and tags."""

from __future__ import annotations

from local.cloud.moto_backends import lookups
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.service.tags import as_list, from_list
from local.cloud.svc.elasticache.model import CacheState, Group, ParameterGroup, SubnetGroup

FAMILY = "redis7"
DEFAULT_PARAMETERS = f"default.{FAMILY}"


class GroupOperations(Service[CacheState]):
    """The part of ElastiCache's API that has no process behind it."""

    def create_cache_subnet_group(self, state: CacheState, inputs: Inputs) -> Output:
        name = inputs["CacheSubnetGroupName"].lower()
        if name in state.subnet_groups:
            raise AwsError("CacheSubnetGroupAlreadyExists", f"Cache subnet group {name} already exists.")
        arn = self.context.arn("elasticache", state.region, f"subnetgroup:{name}")
        made = SubnetGroup(name, arn, inputs["CacheSubnetGroupDescription"], "", [], from_list(inputs.get("Tags", [])))
        _place(state.region, made, inputs["SubnetIds"])
        state.subnet_groups[name] = made
        return {"CacheSubnetGroup": _subnet_group(made)}

    def modify_cache_subnet_group(self, state: CacheState, inputs: Inputs) -> Output:
        known = subnet_group(state, inputs["CacheSubnetGroupName"])
        known.description = inputs.get("CacheSubnetGroupDescription", known.description)
        if "SubnetIds" in inputs:
            _place(state.region, known, inputs["SubnetIds"])
        return {"CacheSubnetGroup": _subnet_group(known)}

    def describe_cache_subnet_groups(self, state: CacheState, inputs: Inputs) -> Output:
        name = inputs.get("CacheSubnetGroupName")
        chosen = [subnet_group(state, name)] if name else state.subnet_groups.values()
        return {"CacheSubnetGroups": [_subnet_group(known) for known in chosen]}

    def delete_cache_subnet_group(self, state: CacheState, inputs: Inputs) -> Output:
        known = subnet_group(state, inputs["CacheSubnetGroupName"])
        if any(group.inputs.get("CacheSubnetGroupName") == known.name for group in state.groups.values()):
            raise AwsError("CacheSubnetGroupInUse", f"Cache subnet group {known.name} is in use.")
        del state.subnet_groups[known.name]
        return {}

    def create_cache_parameter_group(self, state: CacheState, inputs: Inputs) -> Output:
        name, family = inputs["CacheParameterGroupName"].lower(), inputs["CacheParameterGroupFamily"]
        if name in state.parameter_groups or name == DEFAULT_PARAMETERS:
            raise AwsError("CacheParameterGroupAlreadyExists", f"Cache parameter group {name} already exists.")
        if family != FAMILY:
            raise AwsError("InvalidParameterValue", f"The family {family} is not supported here; use {FAMILY}.")
        arn = self.context.arn("elasticache", state.region, f"parametergroup:{name}")
        tags = from_list(inputs.get("Tags", []))
        state.parameter_groups[name] = ParameterGroup(name, arn, family, inputs["Description"], tags)
        return {"CacheParameterGroup": _parameter_group(state.parameter_groups[name])}

    def modify_cache_parameter_group(self, state: CacheState, inputs: Inputs) -> Output:
        """Takes effect when a node starts next."""
        known = parameter_group(state, inputs["CacheParameterGroupName"])
        for parameter in inputs["ParameterNameValues"]:
            known.parameters[parameter["ParameterName"]] = parameter["ParameterValue"]
        return {"CacheParameterGroupName": known.name}

    def describe_cache_parameter_groups(self, state: CacheState, inputs: Inputs) -> Output:
        name = inputs.get("CacheParameterGroupName")
        chosen = [parameter_group(state, name)] if name else state.parameter_groups.values()
        return {"CacheParameterGroups": [_parameter_group(known) for known in chosen]}

    def describe_cache_parameters(self, state: CacheState, inputs: Inputs) -> Output:
        known = parameter_group(state, inputs["CacheParameterGroupName"])
        pairs = known.parameters.items()
        return {"Parameters": [{"ParameterName": k, "ParameterValue": v, "Source": "user"} for k, v in pairs]}

    def delete_cache_parameter_group(self, state: CacheState, inputs: Inputs) -> Output:
        known = parameter_group(state, inputs["CacheParameterGroupName"])
        if any(group.inputs.get("CacheParameterGroupName") == known.name for group in state.groups.values()):
            raise AwsError("InvalidCacheParameterGroupState", f"Cache parameter group {known.name} is in use.")
        del state.parameter_groups[known.name]
        return {}

    def add_tags_to_resource(self, state: CacheState, inputs: Inputs) -> Output:
        tags = _tagged(state, inputs["ResourceName"]).tags
        tags.update(from_list(inputs["Tags"]))
        return {"TagList": as_list(tags)}

    def remove_tags_from_resource(self, state: CacheState, inputs: Inputs) -> Output:
        tags = _tagged(state, inputs["ResourceName"]).tags
        for key in inputs["TagKeys"]:
            tags.pop(key, None)
        return {"TagList": as_list(tags)}

    def list_tags_for_resource(self, state: CacheState, inputs: Inputs) -> Output:
        return {"TagList": as_list(_tagged(state, inputs["ResourceName"]).tags)}


def subnet_group(state: CacheState, name: str) -> SubnetGroup:
    """The subnet group, or AWS's error that there is none."""
    if name.lower() not in state.subnet_groups:
        raise AwsError("CacheSubnetGroupNotFoundFault", f"CacheSubnetGroup {name} not found.")
    return state.subnet_groups[name.lower()]


def parameter_group(state: CacheState, name: str) -> ParameterGroup:
    """The parameter group, or AWS's error that there is none."""
    if name.lower() == DEFAULT_PARAMETERS:
        return ParameterGroup(DEFAULT_PARAMETERS, "", FAMILY, f"Default parameter group for {FAMILY}", {})
    if name.lower() not in state.parameter_groups:
        raise AwsError("CacheParameterGroupNotFound", f"CacheParameterGroup {name} not found.")
    return state.parameter_groups[name.lower()]


def _place(region: str, group: SubnetGroup, ids: list[str]) -> None:
    try:
        found = lookups.subnets(region, ids)
    except KeyError as error:
        raise AwsError("InvalidSubnet", f"There is no such subnet: {error}") from error
    if len({subnet.vpc for subnet in found}) != 1:
        raise AwsError("InvalidSubnet", "All subnets of a group must be in one VPC.")
    group.vpc, group.subnets = found[0].vpc, [(subnet.id, subnet.zone) for subnet in found]


def _tagged(state: CacheState, arn: str) -> Group | SubnetGroup | ParameterGroup:
    everything = [*state.groups.values(), *state.subnet_groups.values(), *state.parameter_groups.values()]
    for resource in everything:
        if resource.arn == arn:
            return resource
    raise AwsError("ReplicationGroupNotFoundFault", f"{arn} does not exist.")


def _subnet_group(group: SubnetGroup) -> Output:
    return {
        "CacheSubnetGroupName": group.name,
        "CacheSubnetGroupDescription": group.description,
        "VpcId": group.vpc,
        "Subnets": [{"SubnetIdentifier": id, "SubnetAvailabilityZone": {"Name": zone}} for id, zone in group.subnets],
        "ARN": group.arn,
        "SupportedNetworkTypes": ["ipv4"],
    }


def _parameter_group(group: ParameterGroup) -> Output:
    return {
        "CacheParameterGroupName": group.name,
        "CacheParameterGroupFamily": group.family,
        "Description": group.description,
        "IsGlobal": False,
        "ARN": group.arn,
    }
