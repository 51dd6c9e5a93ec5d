"""Whether a request is refused, by RDS or by this cloud."""

from __future__ import annotations

from typing import Any

from local.cloud.service.base import Inputs
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.service.tags import check_tags
from local.cloud.svc.rds.model import Instance, RdsState
from local.cloud.svc.rds.rules import references, table

_REFUSED = {
    "ManageMasterUserPassword": "passwords that RDS manages; give MasterUserPassword",
    "EnableIAMDatabaseAuthentication": "IAM database authentication",
    "DBClusterIdentifier": "instances of Aurora clusters",
    "DBClusterSnapshotIdentifier": "snapshots of DB clusters",
    "OptionGroupName": "option groups",
    "Domain": "directory domains",
    "CustomIamInstanceProfile": "RDS Custom",
    "EnableCustomerOwnedIp": "RDS on Outposts",
    "DedicatedLogVolume": "dedicated log volumes",
    "DatabaseInsightsMode": "Database Insights",
    "MultiTenant": "multi-tenant databases",
    "NewDBInstanceIdentifier": "renaming a DB instance",
    "RotateMasterUserPassword": "rotating a managed password",
}


def check(state: RdsState, inputs: Inputs, *new: str) -> None:
    """Raises AwsError when a value is not valid, what it names does not exist, or this cloud cannot do it.

    `new` are the parameters that name the new resource. What is named is replaced by its full name in `inputs`.
    """
    broken = table.violation(inputs, new)
    if broken is not None:
        raise AwsError(broken[0].code, broken[1])
    for key, what in _REFUSED.items():
        if inputs.get(key) and (key, inputs[key]) != ("DatabaseInsightsMode", "standard"):
            raise unsupported(what)
    check_tags(inputs.get("Tags", []))
    references.resolve(state, inputs)


def unique(state: RdsState, name: str) -> None:
    if name.lower() in state.instances:
        raise AwsError("DBInstanceAlreadyExists", "DB instance already exists")


def creation(state: RdsState, inputs: Inputs, password: str | None) -> None:
    """Raises AwsError unless an instance can be created from `inputs`; fills in ARNs and the exact version."""
    if inputs["Engine"] != "postgres":
        raise _other_engine(inputs["Engine"])
    _require(inputs, "MasterUsername", "AllocatedStorage")
    if password is None and not inputs.get("ManageMasterUserPassword"):
        raise AwsError("InvalidParameterValue", "The parameter MasterUserPassword must be provided.")
    check(state, {"MasterUserPassword": password} if password is not None else {})
    inputs.setdefault("EngineVersion", references.engine_version(None))
    check(state, inputs, "DBInstanceIdentifier")
    _encryption(state, inputs)
    references.networks(state, inputs)


def copied(state: RdsState, wanted: dict[str, Any], original: dict[str, Any]) -> None:
    """Raises AwsError unless an instance as `wanted` can begin with the data of one like `original`."""
    if wanted.get("Engine") != original.get("Engine"):
        raise _other_engine(wanted["Engine"])
    if wanted.get("DBName") != original.get("DBName"):
        raise AwsError("InvalidParameterCombination", "DBName is not for the engine postgres: the data have theirs.")
    size, least = wanted.get("AllocatedStorage", 0), original.get("AllocatedStorage", 0)
    if size < least:
        message = f"The storage size {size} is below that of the source, {least} GiB."
        raise AwsError("InvalidParameterValue", message)
    if wanted.get("StorageEncrypted") and "KmsKeyId" not in wanted:
        _encryption(state, wanted)
    for each in (original, wanted):
        references.storage(state.region, each)
    references.networks(state, wanted)


def modification(state: RdsState, instance: Instance, inputs: Inputs) -> None:
    """Raises AwsError unless `inputs` can be applied to `instance`."""
    check(state, {**_storage(instance, inputs), **inputs})
    for name in ("EngineVersion", "DBParameterGroupName", "PerformanceInsightsKMSKeyId"):
        if name in inputs:
            references.resolve(state, found := {name: inputs[name]})
            inputs |= found
    if "DBSubnetGroupName" in inputs and inputs["DBSubnetGroupName"] != instance.inputs.get("DBSubnetGroupName"):
        raise unsupported("moving a DB instance to another VPC")
    if inputs.get("AllocatedStorage", 1 << 30) < instance.inputs.get("AllocatedStorage", 0):
        message = (
            f"Invalid storage size for modification: {inputs['AllocatedStorage']} GiB is less than the current"
            f" {instance.inputs['AllocatedStorage']} GiB."
        )
        raise AwsError("InvalidParameterCombination", message)
    windows = ("PreferredBackupWindow", "PreferredMaintenanceWindow")
    if any(name in inputs for name in windows):
        kept = {name: instance.inputs[name] for name in windows if name in instance.inputs}
        check(state, {**kept, **{name: inputs[name] for name in windows if name in inputs}})
    if instance.following is not None and inputs.get("MasterUserPassword"):
        message = f"{instance.identifier} is a read replica: it has the master password of its source."
        raise AwsError("InvalidDBInstanceState", message)
    kept = {"DBSubnetGroupName": instance.inputs.get("DBSubnetGroupName", "")}
    references.networks(state, {**kept, "VpcSecurityGroupIds": inputs.get("VpcSecurityGroupIds", [])})


def _storage(instance: Instance, inputs: Inputs) -> dict[str, Any]:
    """The storage that the instance has, with which the values of a modification are judged."""
    names = ["AllocatedStorage", "StorageType"]
    if inputs.get("StorageType") in (None, instance.inputs.get("StorageType")):
        names += ["Iops", "StorageThroughput"]
    return {name: instance.inputs[name] for name in names if name in instance.inputs}


def _encryption(state: RdsState, inputs: Inputs) -> None:
    if inputs.get("KmsKeyId"):
        if not inputs.get("StorageEncrypted"):
            raise AwsError("InvalidParameterCombination", "KmsKeyId can be given only with StorageEncrypted.")
    elif inputs.get("StorageEncrypted"):
        inputs["KmsKeyId"] = references.key(state.region, "alias/aws/rds")


def _require(inputs: Inputs, *names: str) -> None:
    for name in names:
        if inputs.get(name) is None:
            raise AwsError("InvalidParameterValue", f"The parameter {name} must be provided and must not be blank.")


def _other_engine(engine: str) -> AwsError:
    return AwsError("InvalidParameterValue", f"Invalid DB engine: {engine}; only postgres is here.")
