"""PostgreSQL instances with their subnet and parameter groups."""

from __future__ import annotations

from typing import Any

from local.plugins.aws.group_kinds import TAGS, parameter_group, subnet_group
from local.plugins.aws.inputs import Effect, Inputs
from local.plugins.aws.kind import Call, Kind, SeparateCall, Waiter
from local.plugins.provider.values import Values

_MODIFIED = {"DBInstanceIdentifier": "{id}", "ApplyImmediately": "{applyImmediately}"}


def _final(known: Values) -> Any:
    """AWS refuses a name beside SkipFinalSnapshot."""
    return None if known.get("skipFinalSnapshot") else known.get("finalSnapshotIdentifier")


def _exports(old: Values, known: Values) -> list[Call]:
    before, after = set(old.get("enabledCloudwatchLogsExports") or ()), set(known["enabledCloudwatchLogsExports"])
    form = {"EnableLogTypes": sorted(after - before), "DisableLogTypes": sorted(before - after)}
    return [Call("ModifyDBInstance", {**_MODIFIED, "CloudwatchLogsExportConfiguration": form})]


def _autoscaling(old: Values, known: Values) -> list[Call]:
    """No room to grow is what turns the growth of storage off."""
    most = known["maxAllocatedStorage"] or known["allocatedStorage"]
    return [Call("ModifyDBInstance", {**_MODIFIED, "MaxAllocatedStorage": most})]


def _following(old: Values, new: Values) -> Effect:
    """A replica that no longer names a source is promoted; nothing else about the source can be changed."""
    return Effect.REFUSED if new.get("replicateSourceDb") else Effect.IN_PLACE


KINDS = (
    subnet_group("rds", "DBSubnetGroup", "DBSubnetGroupArn", modify={"SubnetIds": "{subnetIds}"}),
    parameter_group(
        "rds",
        "DBParameterGroup",
        "DBParameterGroupArn",
        "Parameters",
        lambda parameter: {"ApplyMethod": parameter.get("applyMethod", "immediate")},
    ),
    Kind(
        type="aws:rds/instance:Instance",
        service="rds",
        create=Call("CreateDBInstance", match=True),
        instead={
            "replicateSourceDb": (
                Call(
                    "CreateDBInstanceReadReplica",
                    {"SourceDBInstanceIdentifier": "{replicateSourceDb}"},
                    match=True,
                    without=frozenset({"allocatedStorage", "caCertIdentifier", "parameterGroupName"}),
                ),
                Call(
                    "ModifyDBInstance",
                    {
                        "DBInstanceIdentifier": "{id}",
                        "ApplyImmediately": True,
                        "BackupRetentionPeriod": "{backupRetentionPeriod}",
                        "CACertificateIdentifier": "{caCertIdentifier}",
                        "DBParameterGroupName": "{parameterGroupName}",
                        "PreferredBackupWindow": "{backupWindow}",
                        "PreferredMaintenanceWindow": "{maintenanceWindow}",
                    },
                ),
                Call("RebootDBInstance", {"DBInstanceIdentifier": "{id}"}),  # for the parameters of its group
            )
        },
        id="{identifier}",
        read=Call("DescribeDBInstances", {"DBInstanceIdentifier": "{id}"}),
        found="DBInstances[0]",
        modify=Call(
            "ModifyDBInstance", {**_MODIFIED, "AllowMajorVersionUpgrade": "{allowMajorVersionUpgrade}"}, match=True
        ),
        delete=Call(
            "DeleteDBInstance",
            {
                "DBInstanceIdentifier": "{id}",
                "SkipFinalSnapshot": "{skipFinalSnapshot}",
                "FinalDBSnapshotIdentifier": "{snapshotAtTheEnd}",
                "DeleteAutomatedBackups": "{deleteAutomatedBackups}",
            },
        ),
        name="identifier",
        rename={
            "identifier": "DBInstanceIdentifier",
            "instanceClass": "DBInstanceClass",
            "username": "MasterUsername",
            "password": "MasterUserPassword",
            "parameterGroupName": "DBParameterGroupName",
            "backupWindow": "PreferredBackupWindow",
            "maintenanceWindow": "PreferredMaintenanceWindow",
            "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
            "performanceInsightsEnabled": "EnablePerformanceInsights",
            "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
            "caCertIdentifier": "CACertificateIdentifier",
        },
        write_only=frozenset({"password"}),
        defaults={"skipFinalSnapshot": False},
        observe={
            "password": "",
            "vpcSecurityGroupIds": "VpcSecurityGroups[].VpcSecurityGroupId",
            "dbSubnetGroupName": "DBSubnetGroup.DBSubnetGroupName",
            "parameterGroupName": "DBParameterGroups[0].DBParameterGroupName",
            "port": "Endpoint.Port",
            "replicateSourceDb": "ReadReplicaSourceDBInstanceIdentifier || ''",
            "iamDatabaseAuthenticationEnabled": "IAMDatabaseAuthenticationEnabled",
            "performanceInsightsEnabled": "PerformanceInsightsEnabled",
            "enabledCloudwatchLogsExports": "EnabledCloudwatchLogsExports",
        },
        derive={"snapshotAtTheEnd": _final},
        versions=frozenset({"engineVersion"}),
        inputs=Inputs(
            source="internal/service/rds/instance.go",
            in_place="allocatedStorage autoMinorVersionUpgrade backupRetentionPeriod backupWindow caCertIdentifier "
            "copyTagsToSnapshot databaseInsightsMode dbSubnetGroupName dedicatedLogVolume deletionProtection "
            "enabledCloudwatchLogsExports engineVersion iamDatabaseAuthenticationEnabled instanceClass iops "
            "licenseModel maintenanceWindow manageMasterUserPassword masterUserSecretKmsKeyId maxAllocatedStorage "
            "monitoringInterval monitoringRoleArn multiAz networkType optionGroupName parameterGroupName password "
            "performanceInsightsEnabled performanceInsightsKmsKeyId performanceInsightsRetentionPeriod port "
            "publiclyAccessible replicateSourceDb storageThroughput storageType vpcSecurityGroupIds",
            replacing="availabilityZone backupTarget characterSetName customIamInstanceProfile dbName engine kmsKeyId "
            "ncharCharacterSetName storageEncrypted timezone username",
            steering="allowMajorVersionUpgrade applyImmediately deleteAutomatedBackups finalSnapshotIdentifier "
            "skipFinalSnapshot",
            refused={
                "identifier": "AWS renames an instance in place, which is not done here, as the name is the id of its "
                "resource; keep the name, or declare another instance beside it and move the data",
                "replicateSourceDb": "AWS has no operation by which an instance follows another one or another source; "
                "declare a replica of its own beside it. A replica without this input is promoted",
            },
            depending={"replicateSourceDb": _following},
            absent={
                "applyImmediately": False,
                "autoMinorVersionUpgrade": True,
                "copyTagsToSnapshot": False,
                "deletionProtection": False,
                "enabledCloudwatchLogsExports": [],
                "iamDatabaseAuthenticationEnabled": False,
                "maxAllocatedStorage": 0,
                "monitoringInterval": 0,
                "performanceInsightsEnabled": False,
                "publiclyAccessible": False,
                "replicateSourceDb": "",
                "storageEncrypted": False,
            },
            sets="enabledCloudwatchLogsExports vpcSecurityGroupIds",
            computed={"endpoint": "port", "port": "port"},
        ),
        separate=(
            SeparateCall(("enabledCloudwatchLogsExports",), _exports, created=True),
            SeparateCall(("maxAllocatedStorage",), _autoscaling, created=True),
            SeparateCall(
                ("replicateSourceDb",),
                Call(
                    "PromoteReadReplica",
                    {
                        "DBInstanceIdentifier": "{id}",
                        "BackupRetentionPeriod": "{backupRetentionPeriod}",
                        "PreferredBackupWindow": "{backupWindow}",
                    },
                ),
                created=True,
                last=True,
            ),
            SeparateCall(("port",), Call("ModifyDBInstance", {**_MODIFIED, "DBPortNumber": "{port}"}), created=True),
        ),
        pending="PendingModifiedValues",
        outputs={
            "arn": "DBInstanceArn",
            "address": "Endpoint.Address",
            "port": "Endpoint.Port",
            "endpoint": "Endpoint && join(':', [Endpoint.Address, to_string(Endpoint.Port)])",
            "resourceId": "DbiResourceId",
        },
        ready=Waiter(
            "DBInstanceStatus",
            frozenset({"available"}),
            frozenset({"failed", "incompatible-parameters", "incompatible-network", "storage-full"}),
        ),
        tags=TAGS,
    ),
)
