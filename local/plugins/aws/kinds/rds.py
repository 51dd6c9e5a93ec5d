"""PostgreSQL instances with their subnet and parameter groups."""

from __future__ import annotations

from local.plugins.aws.group_kinds import TAGS, parameter_group, subnet_group
from local.plugins.aws.kind import Call, Kind, Waiter

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
        id="{identifier}",
        read=Call("DescribeDBInstances", {"DBInstanceIdentifier": "{id}"}),
        found="DBInstances[0]",
        modify=Call("ModifyDBInstance", {"DBInstanceIdentifier": "{id}", "ApplyImmediately": True}, match=True),
        delete=Call(
            "DeleteDBInstance",
            {
                "DBInstanceIdentifier": "{id}",
                "SkipFinalSnapshot": "{skipFinalSnapshot}",
                "FinalDBSnapshotIdentifier": "{finalSnapshotIdentifier}",
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
        },
        write_only=frozenset({"password"}),
        defaults={"skipFinalSnapshot": False},
        observe={
            "password": "",
            "vpcSecurityGroupIds": "VpcSecurityGroups[].VpcSecurityGroupId",
            "dbSubnetGroupName": "DBSubnetGroup.DBSubnetGroupName",
            "parameterGroupName": "DBParameterGroups[0].DBParameterGroupName",
            "port": "Endpoint.Port",
            "iamDatabaseAuthenticationEnabled": "IAMDatabaseAuthenticationEnabled",
            "performanceInsightsEnabled": "PerformanceInsightsEnabled",
            "enabledCloudwatchLogsExports": "EnabledCloudwatchLogsExports",
        },
        call_options=frozenset({"skipFinalSnapshot", "finalSnapshotIdentifier", "applyImmediately"}),
        versions=frozenset({"engineVersion"}),
        immutable=frozenset({"identifier", "engine", "username", "dbName", "storageEncrypted", "kmsKeyId", "port"}),
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
