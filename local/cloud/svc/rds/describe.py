"""Instances and snapshots as Describe operations return them."""

from __future__ import annotations

from datetime import UTC, datetime

from local.cloud.moto_backends.lookups import default_security_group
from local.cloud.service.base import Output
from local.cloud.service.tags import as_list
from local.cloud.svc.rds import settings, version
from local.cloud.svc.rds.groups import SUBNET_GROUPS
from local.cloud.svc.rds.model import Instance, RdsState, Snapshot

BACKUP_WINDOW = "08:00-08:30"
MAINTENANCE_WINDOW = "sun:09:00-sun:09:30"
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
    "PreferredBackupWindow": BACKUP_WINDOW,
    "PreferredMaintenanceWindow": MAINTENANCE_WINDOW,
    "PubliclyAccessible": False,
    "StorageEncrypted": False,
    "StorageType": "gp2",
}
"""AWS's defaults for parameters that the request omits."""


def described(state: RdsState, instance: Instance) -> Output:
    """Inputs are returned under their own names; the serializer drops those that DBInstance does not have."""
    inputs = instance.inputs
    group = state.subnet_groups.get(inputs.get("DBSubnetGroupName", ""))
    output = {
        **_DEFAULTS,
        **inputs,
        "DBInstanceIdentifier": instance.identifier,
        "DBInstanceArn": instance.arn,
        "DBInstanceStatus": instance.status,
        "DbiResourceId": instance.resource_id,
        "DbInstancePort": 0,
        "AvailabilityZone": zone(state, instance),
        "PerformanceInsightsEnabled": inputs.get("EnablePerformanceInsights", False),
        "EnabledCloudwatchLogsExports": inputs.get("EnableCloudwatchLogsExports", []),
        "DBParameterGroups": [
            {
                "DBParameterGroupName": inputs["DBParameterGroupName"],
                "ParameterApplyStatus": "in-sync" if _in_sync(state, instance) else "pending-reboot",
            }
        ],
        "VpcSecurityGroups": [
            {"VpcSecurityGroupId": id, "Status": "active"} for id in security_groups(state, instance)
        ],
        "OptionGroupMemberships": [{"OptionGroupName": _option_group(), "Status": "in-sync"}],
        "PendingModifiedValues": instance.pending,
        "ReadReplicaDBInstanceIdentifiers": [],
        "TagList": as_list(instance.tags),
    }
    if group:
        output["DBSubnetGroup"] = SUBNET_GROUPS.description(group)
    if instance.status != "creating":
        output["Endpoint"] = {"Address": instance.address, "Port": instance.port}
        output["InstanceCreateTime"] = instance.created
        output["CertificateDetails"] = {"CAIdentifier": output["CACertificateIdentifier"]}
        restorable = latest_restorable(state, instance)
        if restorable is not None:
            output["LatestRestorableTime"] = restorable
    following = instance.following
    if following is not None:
        near = following.region == instance.region
        output["ReadReplicaSourceDBInstanceIdentifier"] = following.arn.split(":")[-1] if near else following.arn
        if instance.health is not None:
            known = {"Normal": instance.health.normal, "Status": instance.health.status}
            output["StatusInfos"] = [{"StatusType": "read replication", **known, "Message": instance.health.message}]
    return output


def described_snapshot(snapshot: Snapshot) -> Output:
    """The serializer drops those inputs of the instance that DBSnapshot does not have."""
    done = snapshot.status == "available"
    output = {
        "AllocatedStorage": _DEFAULTS["AllocatedStorage"],
        "LicenseModel": _DEFAULTS["LicenseModel"],
        "StorageType": _DEFAULTS["StorageType"],
        "AvailabilityZone": f"{snapshot.region}a",
        **{name: value for name, value in snapshot.inputs.items() if name != "MultiAZ"},
        "DBSnapshotIdentifier": snapshot.identifier,
        "DBInstanceIdentifier": snapshot.instance,
        "DBSnapshotArn": snapshot.arn,
        "DbiResourceId": snapshot.instance_resource_id,
        "Encrypted": bool(snapshot.inputs.get("StorageEncrypted")),
        "IAMDatabaseAuthenticationEnabled": False,
        "InstanceCreateTime": snapshot.instance_created,
        "OptionGroupName": _option_group(),
        "OriginalSnapshotCreateTime": snapshot.created,
        "PercentProgress": 100 if done else 0,
        "SnapshotTarget": "region",
        "SnapshotType": snapshot.type,
        "Status": snapshot.status,
        "TagList": as_list(snapshot.tags),
        "VpcId": snapshot.vpc,
    }
    if done:
        output["SnapshotCreateTime"] = snapshot.created
    if snapshot.copied_from is not None:
        output["SourceDBSnapshotIdentifier"] = snapshot.copied_from_arn
        if snapshot.copied_from[0] != snapshot.region:
            output["SourceRegion"] = snapshot.copied_from[0]
    return output


def earliest_restorable(state: RdsState, instance: Instance) -> datetime | None:
    """From when on every moment can be restored; None when there is no automated backup."""
    taken = state.snapshots_of(instance.resource_id, "automated")
    return min((s.completed for s in taken if s.completed and s.status == "available"), default=None)


def latest_restorable(state: RdsState, instance: Instance) -> datetime | None:
    """Until when: what is committed is on disk, and a restore reads it there, so there is no lag behind an archive."""
    if not instance.retention or instance.following or earliest_restorable(state, instance) is None:
        return None
    return datetime.now(UTC)


def zone(state: RdsState, instance: Instance) -> str:
    group = state.subnet_groups.get(instance.inputs.get("DBSubnetGroupName", ""))
    return instance.inputs.get("AvailabilityZone") or (group.subnets[0][1] if group else f"{instance.region}a")


def _in_sync(state: RdsState, instance: Instance) -> bool:
    return instance.running is None or instance.running == settings.of(state, instance)


def _option_group() -> str:
    return f"default:postgres-{version.family().removeprefix('postgres')}"


def security_groups(state: RdsState, instance: Instance) -> list[str]:
    given = instance.inputs.get("VpcSecurityGroupIds")
    group = state.subnet_groups.get(instance.inputs.get("DBSubnetGroupName", ""))
    if given or not group:
        return given or []
    default = default_security_group(state.region, group.vpc)
    return [default] if default else []
