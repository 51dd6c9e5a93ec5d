"""RDS's subnet groups, parameter groups and tags."""

from __future__ import annotations

from local.cloud.moto_backends import lookups
from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.service.tags import as_list, from_list
from local.cloud.svc.rds import version
from local.cloud.svc.rds.model import Instance, ParameterGroup, RdsState, SubnetGroup


class GroupOperations(Service[RdsState]):
    """The part of RDS's API that has no process behind it."""

    def create_db_subnet_group(self, state: RdsState, inputs: Inputs) -> Output:
        name = inputs["DBSubnetGroupName"].lower()
        if name in state.subnet_groups:
            raise AwsError("DBSubnetGroupAlreadyExistsFault", f"The DB subnet group '{name}' already exists.")
        arn = self.context.arn("rds", state.region, f"subgrp:{name}")
        tags = from_list(inputs.get("Tags", []))
        made = SubnetGroup(name, arn, inputs["DBSubnetGroupDescription"], "", [], tags)
        _place(state.region, made, inputs["SubnetIds"])
        state.subnet_groups[name] = made
        return {"DBSubnetGroup": described_subnet_group(made)}

    def modify_db_subnet_group(self, state: RdsState, inputs: Inputs) -> Output:
        known = subnet_group(state, inputs["DBSubnetGroupName"])
        _place(state.region, known, inputs["SubnetIds"])
        known.description = inputs.get("DBSubnetGroupDescription", known.description)
        return {"DBSubnetGroup": described_subnet_group(known)}

    def describe_db_subnet_groups(self, state: RdsState, inputs: Inputs) -> Output:
        name = inputs.get("DBSubnetGroupName")
        chosen = [subnet_group(state, name)] if name else state.subnet_groups.values()
        return {"DBSubnetGroups": [described_subnet_group(known) for known in chosen]}

    def delete_db_subnet_group(self, state: RdsState, inputs: Inputs) -> Output:
        known = subnet_group(state, inputs["DBSubnetGroupName"])
        if any(instance.inputs.get("DBSubnetGroupName") == known.name for instance in state.instances.values()):
            raise AwsError("InvalidDBSubnetGroupStateFault", f"The DB subnet group '{known.name}' is in use.")
        del state.subnet_groups[known.name]
        return {}

    def create_db_parameter_group(self, state: RdsState, inputs: Inputs) -> Output:
        name, family = inputs["DBParameterGroupName"].lower(), inputs["DBParameterGroupFamily"]
        if name in state.parameter_groups:
            raise AwsError("DBParameterGroupAlreadyExists", f"Parameter group {name} already exists")
        if family != version.family():
            message = f"Invalid DB parameter group family: {family}; instances here are {version.family()}."
            raise AwsError("InvalidParameterValue", message)
        arn = self.context.arn("rds", state.region, f"pg:{name}")
        made = ParameterGroup(name, arn, family, inputs["Description"], from_list(inputs.get("Tags", [])))
        state.parameter_groups[name] = made
        return {"DBParameterGroup": _parameter_group(made)}

    def modify_db_parameter_group(self, state: RdsState, inputs: Inputs) -> Output:
        known = _own_parameter_group(state, inputs["DBParameterGroupName"])
        for parameter in inputs["Parameters"]:
            name = parameter["ParameterName"].lower()
            if name not in version.parameters() and not name.startswith("rds."):
                raise AwsError("InvalidParameterValue", f"Could not find parameter with name: {name}")
            if name == "rds.force_ssl" and parameter["ParameterValue"] == "1":
                raise unsupported("servers that speak TLS; set rds.force_ssl to 0")
        known.parameters |= {p["ParameterName"].lower(): p["ParameterValue"] for p in inputs["Parameters"]}
        _reconfigure_users(state, known.name)
        return {"DBParameterGroupName": known.name}

    def reset_db_parameter_group(self, state: RdsState, inputs: Inputs) -> Output:
        known = _own_parameter_group(state, inputs["DBParameterGroupName"])
        if inputs.get("ResetAllParameters"):
            known.parameters.clear()
        for parameter in inputs.get("Parameters", []):
            known.parameters.pop(parameter["ParameterName"].lower(), None)
        _reconfigure_users(state, known.name)
        return {"DBParameterGroupName": known.name}

    def describe_db_parameter_groups(self, state: RdsState, inputs: Inputs) -> Output:
        name = inputs.get("DBParameterGroupName")
        chosen = [parameter_group(state, name)] if name else state.parameter_groups.values()
        return {"DBParameterGroups": [_parameter_group(known) for known in chosen]}

    def describe_db_parameters(self, state: RdsState, inputs: Inputs) -> Output:
        """Those that the group sets; PostgreSQL's own defaults are not listed."""
        known = parameter_group(state, inputs["DBParameterGroupName"])
        if inputs.get("Source", "user") != "user":
            return {"Parameters": []}
        common = {"Source": "user", "ApplyMethod": "immediate", "IsModifiable": True}
        pairs = known.parameters.items()
        return {"Parameters": [{"ParameterName": k, "ParameterValue": v, **common} for k, v in pairs]}

    def delete_db_parameter_group(self, state: RdsState, inputs: Inputs) -> Output:
        known = _own_parameter_group(state, inputs["DBParameterGroupName"])
        if any(instance.inputs["DBParameterGroupName"] == known.name for instance in state.instances.values()):
            raise AwsError("InvalidDBParameterGroupState", f"One or more instances use {known.name}.")
        del state.parameter_groups[known.name]
        return {}

    def add_tags_to_resource(self, state: RdsState, inputs: Inputs) -> Output:
        _tagged(state, inputs["ResourceName"]).tags.update(from_list(inputs["Tags"]))
        return {}

    def remove_tags_from_resource(self, state: RdsState, inputs: Inputs) -> Output:
        for key in inputs["TagKeys"]:
            _tagged(state, inputs["ResourceName"]).tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, state: RdsState, inputs: Inputs) -> Output:
        return {"TagList": as_list(_tagged(state, inputs["ResourceName"]).tags)}


def subnet_group(state: RdsState, name: str) -> SubnetGroup:
    """The subnet group, or AWS's error that there is none."""
    if name.lower() not in state.subnet_groups:
        raise AwsError("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.")
    return state.subnet_groups[name.lower()]


def parameter_group(state: RdsState, name: str) -> ParameterGroup:
    """The parameter group, the default one included, or AWS's error that there is none."""
    default = default_parameter_group()
    if name.lower() == default.name:
        return default
    return _own_parameter_group(state, name)


def default_parameter_group() -> ParameterGroup:
    family = version.family()
    return ParameterGroup(f"default.{family}", "", family, f"Default parameter group for {family}", {})


def described_subnet_group(group: SubnetGroup) -> Output:
    """As DescribeDBInstances and DescribeDBSubnetGroups give it."""
    return {
        "DBSubnetGroupName": group.name,
        "DBSubnetGroupDescription": group.description,
        "VpcId": group.vpc,
        "SubnetGroupStatus": "Complete",
        "Subnets": [
            {"SubnetIdentifier": id, "SubnetAvailabilityZone": {"Name": zone}, "SubnetStatus": "Active"}
            for id, zone in group.subnets
        ],
        "DBSubnetGroupArn": group.arn,
        "SupportedNetworkTypes": ["IPV4"],
    }


def _parameter_group(group: ParameterGroup) -> Output:
    return {
        "DBParameterGroupName": group.name,
        "DBParameterGroupFamily": group.family,
        "Description": group.description,
        "DBParameterGroupArn": group.arn,
    }


def _own_parameter_group(state: RdsState, name: str) -> ParameterGroup:
    if name.lower() not in state.parameter_groups:
        raise AwsError("DBParameterGroupNotFound", f"DBParameterGroup not found: {name}")
    return state.parameter_groups[name.lower()]


def _reconfigure_users(state: RdsState, group: str) -> None:
    """Running servers read what needs no restart; the rest takes effect when they are rebooted."""
    for instance in state.instances.values():
        if instance.inputs["DBParameterGroupName"] == group and instance.status == "available":
            instance.status = "modifying"


def _place(region: str, group: SubnetGroup, ids: list[str]) -> None:
    try:
        found = lookups.subnets(region, ids)
    except KeyError as error:
        raise AwsError("InvalidSubnet", f"There is no such subnet: {error}") from error
    if len({subnet.vpc for subnet in found}) != 1:
        raise AwsError("InvalidSubnet", "All subnets of a group must be in one VPC.")
    if len({subnet.zone for subnet in found}) < 2:
        message = "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement: at least 2."
        raise AwsError("DBSubnetGroupDoesNotCoverEnoughAZs", message)
    group.vpc, group.subnets = found[0].vpc, [(subnet.id, subnet.zone) for subnet in found]


def _tagged(state: RdsState, arn: str) -> Instance | SubnetGroup | ParameterGroup:
    everything = [*state.instances.values(), *state.subnet_groups.values(), *state.parameter_groups.values()]
    for resource in everything:
        if resource.arn == arn:
            return resource
    raise AwsError("DBInstanceNotFound", f"{arn} does not exist.")
