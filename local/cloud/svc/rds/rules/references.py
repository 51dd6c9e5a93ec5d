"""What a request names must exist and fit together. Names and ids in the request become those of what was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.cloud.moto_backends import lookups
from local.cloud.moto_backends.keys import kms_key
from local.cloud.service.base import Inputs
from local.cloud.service.errors import AwsError
from local.cloud.svc.rds import version
from local.cloud.svc.rds.groups import PARAMETER_GROUPS, SUBNET_GROUPS
from local.cloud.svc.rds.model import RdsState


def resolve(state: RdsState, inputs: Inputs) -> None:
    """Raises AwsError for what does not exist in the region."""
    if "EngineVersion" in inputs:
        inputs["EngineVersion"] = engine_version(inputs["EngineVersion"])
    if "DBSubnetGroupName" in inputs:
        inputs["DBSubnetGroupName"] = SUBNET_GROUPS.find(state, inputs["DBSubnetGroupName"]).name
    if "DBParameterGroupName" in inputs:
        inputs["DBParameterGroupName"] = PARAMETER_GROUPS.find(state, inputs["DBParameterGroupName"]).name
    for name in ("KmsKeyId", "PerformanceInsightsKMSKeyId"):
        if inputs.get(name):
            inputs[name] = key(state.region, inputs[name])
    zone = inputs.get("AvailabilityZone")
    if zone is not None and zone not in lookups.zones(state.region):
        raise AwsError("InvalidParameterValue", f"Invalid availability zone: {zone}.")


def networks(state: RdsState, inputs: Inputs) -> None:
    """Raises AwsError unless the security groups exist, in the VPC of the subnet group."""
    wanted = inputs.get("VpcSecurityGroupIds") or []
    found = lookups.security_group_vpcs(state.region, wanted)
    for id in wanted:
        if id not in found:
            raise AwsError("InvalidParameterValue", f"Invalid security group , groupId= {id}, groupName=.")
    group = state.subnet_groups.get(inputs.get("DBSubnetGroupName", ""))
    for id, vpc in found.items():
        if group is not None and vpc != group.vpc:
            message = (
                f"The DB instance and EC2 security group are in different VPCs. The DB instance is in {group.vpc} and"
                f" the EC2 security group {id} is in {vpc}"
            )
            raise AwsError("InvalidParameterCombination", message)
    zone = inputs.get("AvailabilityZone")
    if group is not None and zone is not None and zone not in {other for _, other in group.subnets}:
        message = f"The DB subnet group {group.name} has no subnet in {zone}."
        raise AwsError("InvalidParameterCombination", message)


def engine_version(requested: str | None) -> str:
    resolved = version.resolve(requested)
    if resolved is None:
        message = f"Cannot find version {requested} for postgres; {version.installed()} is installed."
        raise AwsError("InvalidParameterCombination", message)
    return resolved


def key(region: str, wanted: str) -> str:
    """ARN of a KMS key. Raises KMSKeyNotAccessibleFault unless it can encrypt."""
    found = kms_key(region, wanted)
    if found.trouble:
        raise AwsError("KMSKeyNotAccessibleFault", found.trouble)
    return found.arn


def storage(region: str, inputs: Mapping[str, Any]) -> None:
    """Raises KMSKeyNotAccessibleFault unless the storage of an instance or a snapshot like `inputs` can be read.

    `region` is that of a key which is no ARN.
    """
    wanted = inputs.get("KmsKeyId") if inputs.get("StorageEncrypted") else None
    if wanted:
        key(wanted.split(":")[3] if wanted.startswith("arn:") else region, wanted)
