"""Redis replication groups with their subnet and parameter groups."""

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
        type="aws:elasticache/subnetGroup:SubnetGroup",
        service="elasticache",
        create=Call("CreateCacheSubnetGroup", match=True),
        id="{name}",
        read=Call("DescribeCacheSubnetGroups", {"CacheSubnetGroupName": "{id}"}),
        found="CacheSubnetGroups[0]",
        delete=Call("DeleteCacheSubnetGroup", {"CacheSubnetGroupName": "{id}"}),
        modify=Call("ModifyCacheSubnetGroup", {"CacheSubnetGroupName": "{id}"}, match=True),
        name="name",
        rename={"name": "CacheSubnetGroupName", "description": "CacheSubnetGroupDescription"},
        defaults={"description": "Managed by Pulumi"},
        observe={"subnetIds": "Subnets[].SubnetIdentifier"},
        immutable=frozenset({"name"}),
        outputs={"arn": "ARN"},
        tags=TAGS,
    ),
    Kind(
        type="aws:elasticache/replicationGroup:ReplicationGroup",
        service="elasticache",
        create=Call("CreateReplicationGroup", match=True),
        id="{replicationGroupId}",
        read=Call("DescribeReplicationGroups", {"ReplicationGroupId": "{id}"}),
        found="ReplicationGroups[0]",
        delete=Call("DeleteReplicationGroup", {"ReplicationGroupId": "{id}"}),
        modify=Call("ModifyReplicationGroup", {"ReplicationGroupId": "{id}", "ApplyImmediately": True}, match=True),
        name="replicationGroupId",
        rename={
            "description": "ReplicationGroupDescription",
            "nodeType": "CacheNodeType",
            "subnetGroupName": "CacheSubnetGroupName",
            "parameterGroupName": "CacheParameterGroupName",
            "multiAzEnabled": "MultiAZEnabled",
            "maintenanceWindow": "PreferredMaintenanceWindow",
        },
        observe={
            "description": "Description",
            "automaticFailoverEnabled": "AutomaticFailover == 'enabled'",
            "multiAzEnabled": "MultiAZ == 'enabled'",
            "numCacheClusters": "length(MemberClusters || `[]`)",
            "authToken": "",
            "subnetGroupName": "",
            "securityGroupIds": "",
            "parameterGroupName": "",
            "engine": "",
            "port": "",
        },
        steering=frozenset({"applyImmediately"}),
        versions=frozenset({"engineVersion"}),
        immutable=frozenset({"replicationGroupId", "engine", "kmsKeyId", "atRestEncryptionEnabled", "subnetGroupName"}),
        outputs={
            "arn": "ARN",
            "primaryEndpointAddress": "NodeGroups[0].PrimaryEndpoint.Address",
            "readerEndpointAddress": "NodeGroups[0].ReaderEndpoint.Address",
            "memberClusters": "MemberClusters",
        },
        ready=Ready("Status", frozenset({"available"}), frozenset({"create-failed"})),
        tags=TAGS,
    ),
    Kind(
        type="aws:elasticache/parameterGroup:ParameterGroup",
        service="elasticache",
        create=Call(
            "CreateCacheParameterGroup",
            {
                "CacheParameterGroupName": "{name}",
                "CacheParameterGroupFamily": "{family}",
                "Description": "{description}",
            },
        ),
        id="{name}",
        read=Call("DescribeCacheParameterGroups", {"CacheParameterGroupName": "{id}"}),
        found="CacheParameterGroups[0]",
        delete=Call("DeleteCacheParameterGroup", {"CacheParameterGroupName": "{id}"}),
        name="name",
        rename={"name": "CacheParameterGroupName", "family": "CacheParameterGroupFamily"},
        defaults={"description": "Managed by Pulumi"},
        aside=(
            Aside(
                ("parameters",),
                lambda known: [
                    Call(
                        "ModifyCacheParameterGroup",
                        {
                            "CacheParameterGroupName": "{id}",
                            "ParameterNameValues": [
                                {"ParameterName": p["name"], "ParameterValue": str(p["value"])}
                                for p in known["parameters"]
                            ],
                        },
                    )
                ],
            ),
        ),
        immutable=frozenset({"name", "family", "description"}),
        outputs={"arn": "ARN"},
        tags=TAGS,
    ),
)
