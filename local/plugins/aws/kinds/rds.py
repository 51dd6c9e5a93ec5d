"""PostgreSQL instances with their subnet and parameter groups."""

from __future__ import annotations

import re
from typing import Any

from local.plugins.aws.group_kinds import TAGS, parameter_group, subnet_group
from local.plugins.aws.inputs import Effect, Inputs
from local.plugins.aws.kind import Call, Kind, Search, SeparateCall, Waiter
from local.plugins.provider.values import Values

_RESOURCE_ID = re.compile(r"db-[0-9A-Z]{26}")
"""The provider's id of an instance since its version 5: another instance of the same name is another resource. The
name itself is read as well, for `pulumi import` and for states of before."""
_MODIFIED = {"DBInstanceIdentifier": "{identifier}", "ApplyImmediately": "{applyImmediately}"}


def _final(known: Values) -> Any:
    """AWS refuses a name beside SkipFinalSnapshot."""
    return None if known.get("skipFinalSnapshot") else known.get("finalSnapshotIdentifier")


def _name(known: Values) -> Any:
    return None if _RESOURCE_ID.fullmatch(known["id"]) else known["id"]


def _resource(known: Values) -> Any:
    return [{"Name": "dbi-resource-id", "Values": [known["id"]]}] if _RESOURCE_ID.fullmatch(known["id"]) else None


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
                        "DBInstanceIdentifier": "{identifier}",
                        "ApplyImmediately": True,
                        "BackupRetentionPeriod": "{backupRetentionPeriod}",
                        "CACertificateIdentifier": "{caCertIdentifier}",
                        "DBParameterGroupName": "{parameterGroupName}",
                        "PreferredBackupWindow": "{backupWindow}",
                        "PreferredMaintenanceWindow": "{maintenanceWindow}",
                    },
                ),
                Call("RebootDBInstance", {"DBInstanceIdentifier": "{identifier}"}),  # for the parameters of its group
            )
        },
        id=".DBInstance.DbiResourceId",
        search=Search(
            Call("DescribeDBInstances", {"DBInstanceIdentifier": "{identifier}"}), "DBInstances[].DbiResourceId"
        ),
        read=Call("DescribeDBInstances", {"DBInstanceIdentifier": "{readName}", "Filters": "{readResource}"}),
        found="DBInstances[0]",
        modify=Call(
            "ModifyDBInstance", {**_MODIFIED, "AllowMajorVersionUpgrade": "{allowMajorVersionUpgrade}"}, match=True
        ),
        delete=Call(
            "DeleteDBInstance",
            {
                "DBInstanceIdentifier": "{identifier}",
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
        derive={"snapshotAtTheEnd": _final, "readName": _name, "readResource": _resource},
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
                "identifier": "AWS renames an instance in place, with its endpoint, which is not done here; keep the "
                "name, or declare another instance beside it and move the data",
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
                        "DBInstanceIdentifier": "{identifier}",
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
            "id": "DbiResourceId",
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
