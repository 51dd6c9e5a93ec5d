"""Redis replication groups with their subnet and parameter groups."""

from __future__ import annotations

from local.plugins.aws.group_kinds import TAGS, parameter_group, subnet_group
from local.plugins.aws.kind import Call, Kind, Waiter

KINDS = (
    subnet_group("elasticache", "CacheSubnetGroup", "ARN", modify={}),
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
        write_only=frozenset({"securityGroupIds", "parameterGroupName"}),
        call_options=frozenset({"applyImmediately"}),
        versions=frozenset({"engineVersion"}),
        immutable=frozenset({"replicationGroupId", "engine", "kmsKeyId", "atRestEncryptionEnabled", "subnetGroupName"}),
        outputs={
            "arn": "ARN",
            "primaryEndpointAddress": "NodeGroups[0].PrimaryEndpoint.Address",
            "readerEndpointAddress": "NodeGroups[0].ReaderEndpoint.Address",
            "memberClusters": "MemberClusters",
        },
        ready=Waiter("Status", frozenset({"available"}), frozenset({"create-failed"})),
        tags=TAGS,
    ),
    parameter_group("elasticache", "CacheParameterGroup", "ARN", "ParameterNameValues", lambda _: {}),
)
