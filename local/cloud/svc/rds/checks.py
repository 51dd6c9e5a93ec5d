"""Validation of requests that RDS, or this cloud, refuses."""

from __future__ import annotations

from local.cloud.moto_backends.lookups import key_arn
from local.cloud.service.base import Inputs
from local.cloud.service.errors import AwsError, unsupported
from local.cloud.svc.rds import version
from local.cloud.svc.rds.groups import PARAMETER_GROUPS, SUBNET_GROUPS
from local.cloud.svc.rds.model import Instance, RdsState

_REFUSED = {
    "ManageMasterUserPassword": "passwords that RDS manages; give MasterUserPassword",
    "EnableIAMDatabaseAuthentication": "IAM database authentication",
    "DBClusterIdentifier": "instances of Aurora clusters",
    "OptionGroupName": "option groups",
    "Domain": "directory domains",
}
_FIXED = {
    "NewDBInstanceIdentifier": "renaming a DB instance",
    "DBPortNumber": "moving a DB instance to another port",
    "DBSubnetGroupName": "moving a DB instance to another VPC",
    "RotateMasterUserPassword": "rotating a managed password",
}


def creation(state: RdsState, inputs: Inputs, password: str) -> None:
    """Raises AwsError unless an instance can be created from `inputs`; fills in ARNs and the exact version."""
    _refuse(inputs, _REFUSED)
    if inputs["Engine"] != "postgres":
        raise AwsError("InvalidParameterValue", f"Invalid DB engine: {inputs['Engine']}; only postgres is here.")
    _check_version(inputs)
    if not inputs.get("MasterUsername"):
        raise AwsError("MissingParameter", "The parameter MasterUsername must be provided.")
    if inputs["MasterUsername"].lower().startswith(("rdsadmin", "pg_")):
        raise AwsError("InvalidParameterValue", f"MasterUsername {inputs['MasterUsername']} cannot be used.")
    _check_password(password)
    if "DBSubnetGroupName" in inputs:
        inputs["DBSubnetGroupName"] = SUBNET_GROUPS.find(state, inputs["DBSubnetGroupName"]).name
    _check_parameters(state, inputs)
    if "KmsKeyId" in inputs:
        if not inputs.get("StorageEncrypted"):
            raise AwsError("InvalidParameterCombination", "KmsKeyId can be given only with StorageEncrypted.")
    elif inputs.get("StorageEncrypted"):
        inputs["KmsKeyId"] = "alias/aws/rds"
    for name in ("KmsKeyId", "PerformanceInsightsKMSKeyId"):
        if name in inputs:
            inputs[name] = _key(state.region, inputs[name])


def modification(state: RdsState, instance: Instance, inputs: Inputs) -> None:
    """Raises AwsError unless `inputs` can be applied to `instance`."""
    _refuse(inputs, _REFUSED | _FIXED)
    if "EngineVersion" in inputs:
        _check_version(inputs)
    if "MasterUserPassword" in inputs:
        _check_password(inputs["MasterUserPassword"])
    if inputs.get("AllocatedStorage", 1 << 30) < instance.inputs.get("AllocatedStorage", 0):
        raise AwsError("InvalidParameterCombination", "Requested storage size is less than the allocated size.")
    _check_parameters(state, inputs)


def _refuse(inputs: Inputs, refused: dict[str, str]) -> None:
    for key, what in refused.items():
        if inputs.get(key):
            raise unsupported(what)


def _check_version(inputs: Inputs) -> None:
    resolved = version.resolve(inputs.get("EngineVersion"))
    if resolved is None:
        message = f"Cannot find version {inputs['EngineVersion']} for postgres; {version.installed()} is installed."
        raise AwsError("InvalidParameterCombination", message)
    inputs["EngineVersion"] = resolved


def _check_password(password: str) -> None:
    if not 8 <= len(password) <= 128 or any(character in password for character in '/@" '):
        message = 'The parameter MasterUserPassword must have 8 to 128 printable characters other than / @ " and space.'
        raise AwsError("InvalidParameterValue", message)


def _check_parameters(state: RdsState, inputs: Inputs) -> None:
    if "DBParameterGroupName" in inputs:
        group = PARAMETER_GROUPS.find(state, inputs["DBParameterGroupName"])
        inputs["DBParameterGroupName"] = group.name


def _key(region: str, key: str) -> str:
    try:
        return key_arn(region, key)
    except KeyError as error:
        message = f"The specified KMS key {key} does not exist, or is not in {region}."
        raise AwsError("KMSKeyNotAccessibleFault", message) from error
