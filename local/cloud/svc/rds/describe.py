"""An instance as Describe operations return it."""

from __future__ import annotations

from datetime import UTC, datetime

from local.cloud.moto_backends.lookups import default_security_group
from local.cloud.service.base import Output
from local.cloud.service.tags import as_list
from local.cloud.svc.rds.groups import SUBNET_GROUPS
from local.cloud.svc.rds.model import Instance, RdsState

_DEFAULTS = {
    "AllocatedStorage": 20,
    "AutoMinorVersionUpgrade": True,
    "BackupRetentionPeriod": 1,
    "BackupTarget": "region",
    "CACertificateIdentifier": "rds-ca-rsa2048-g1",
    "CopyTagsToSnapshot": False,
    "CustomerOwnedIpEnabled": False,
    "DeletionProtection": False,
    "IAMDatabaseAuthenticationEnabled": False,
    "LicenseModel": "postgresql-license",
    "MonitoringInterval": 0,
    "MultiAZ": False,
    "NetworkType": "IPV4",
    "PreferredBackupWindow": "08:00-08:30",
    "PreferredMaintenanceWindow": "sun:09:00-sun:09:30",
    "PubliclyAccessible": False,
    "StorageEncrypted": False,
    "StorageType": "gp2",
}
"""AWS's defaults for parameters that the request omits."""


def described(state: RdsState, instance: Instance) -> Output:
    """Inputs are returned under their own names; the serializer drops those that DBInstance does not have."""
    inputs = instance.inputs
    group = state.subnet_groups.get(inputs.get("DBSubnetGroupName", ""))
    zone = inputs.get("AvailabilityZone") or (group.subnets[0][1] if group else f"{instance.region}a")
    output = {
        **_DEFAULTS,
        **inputs,
        "DBInstanceIdentifier": instance.identifier,
        "DBInstanceArn": instance.arn,
        "DBInstanceStatus": instance.status,
        "DbiResourceId": instance.resource_id,
        "DbInstancePort": 0,
        "AvailabilityZone": zone,
        "PerformanceInsightsEnabled": inputs.get("EnablePerformanceInsights", False),
        "EnabledCloudwatchLogsExports": inputs.get("EnableCloudwatchLogsExports", []),
        "DBParameterGroups": [
            {"DBParameterGroupName": inputs["DBParameterGroupName"], "ParameterApplyStatus": "in-sync"}
        ],
        "VpcSecurityGroups": [
            {"VpcSecurityGroupId": id, "Status": "active"} for id in _security_groups(state, instance)
        ],
        "PendingModifiedValues": {},
        "ReadReplicaDBInstanceIdentifiers": [],
        "TagList": as_list(instance.tags),
    }
    if group:
        output["DBSubnetGroup"] = SUBNET_GROUPS.description(group)
    if instance.status != "creating":
        output["Endpoint"] = {"Address": instance.address, "Port": instance.port}
        output["InstanceCreateTime"] = instance.created
        output["LatestRestorableTime"] = datetime.now(UTC)
    return output


def _security_groups(state: RdsState, instance: Instance) -> list[str]:
    given = instance.inputs.get("VpcSecurityGroupIds")
    group = state.subnet_groups.get(instance.inputs.get("DBSubnetGroupName", ""))
    if given or not group:
        return given or []
    default = default_security_group(state.region, group.vpc)
    return [default] if default else []
