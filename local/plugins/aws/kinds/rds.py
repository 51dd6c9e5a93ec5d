"""PostgreSQL instances with their subnet and parameter groups."""

from __future__ import annotations

from local.plugins.aws.kind import Aside, Call, Kind, Ready, Tags

TAGS = Tags(
    create="Tags",
    set=Call("AddTagsToResource", {"ResourceName": "{arn}", "Tags": "{tagSet}"}),
    unset=Call("RemoveTagsFromResource", {"ResourceName": "{arn}", "TagKeys": "{tagKeys}"}),
    path="TagList",
    lookup=Call("ListTagsForResource", {"ResourceName": "{arn}"}),
)

KINDS = (
    Kind(
        type="aws:rds/subnetGroup:SubnetGroup",
        service="rds",
        create=Call("CreateDBSubnetGroup", match=True),
        id="{name}",
        read=Call("DescribeDBSubnetGroups", {"DBSubnetGroupName": "{id}"}),
        found="DBSubnetGroups[0]",
        modify=Call("ModifyDBSubnetGroup", {"DBSubnetGroupName": "{id}", "SubnetIds": "{subnetIds}"}, match=True),
        delete=Call("DeleteDBSubnetGroup", {"DBSubnetGroupName": "{id}"}),
        name="name",
        rename={"name": "DBSubnetGroupName", "description": "DBSubnetGroupDescription"},
        defaults={"description": "Managed by Pulumi"},
        observe={"subnetIds": "Subnets[].SubnetIdentifier"},
        immutable=frozenset({"name"}),
        outputs={"arn": "DBSubnetGroupArn"},
        tags=TAGS,
    ),
    Kind(
        type="aws:rds/parameterGroup:ParameterGroup",
        service="rds",
        create=Call(
            "CreateDBParameterGroup",
            {"DBParameterGroupName": "{name}", "DBParameterGroupFamily": "{family}", "Description": "{description}"},
        ),
        id="{name}",
        read=Call("DescribeDBParameterGroups", {"DBParameterGroupName": "{id}"}),
        found="DBParameterGroups[0]",
        delete=Call("DeleteDBParameterGroup", {"DBParameterGroupName": "{id}"}),
        name="name",
        rename={"name": "DBParameterGroupName", "family": "DBParameterGroupFamily"},
        defaults={"description": "Managed by Pulumi"},
        aside=(
            Aside(
                ("parameters",),
                lambda known: [
                    Call(
                        "ModifyDBParameterGroup",
                        {
                            "DBParameterGroupName": "{id}",
                            "Parameters": [
                                {
                                    "ParameterName": parameter["name"],
                                    "ParameterValue": str(parameter["value"]),
                                    "ApplyMethod": parameter.get("applyMethod", "immediate"),
                                }
                                for parameter in known["parameters"]
                            ],
                        },
                    )
                ],
            ),
        ),
        immutable=frozenset({"name", "family", "description"}),
        outputs={"arn": "DBParameterGroupArn"},
        tags=TAGS,
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
        steering=frozenset({"skipFinalSnapshot", "finalSnapshotIdentifier", "applyImmediately"}),
        versions=frozenset({"engineVersion"}),
        immutable=frozenset({"identifier", "engine", "username", "dbName", "storageEncrypted", "kmsKeyId", "port"}),
        outputs={
            "arn": "DBInstanceArn",
            "address": "Endpoint.Address",
            "port": "Endpoint.Port",
            "endpoint": "join(':', [Endpoint.Address, to_string(Endpoint.Port)])",
            "resourceId": "DbiResourceId",
        },
        ready=Ready(
            "DBInstanceStatus",
            frozenset({"available"}),
            frozenset({"failed", "incompatible-parameters", "incompatible-network", "storage-full"}),
        ),
        tags=TAGS,
    ),
)
