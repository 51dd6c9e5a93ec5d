"""Redis replication groups with their subnet and parameter groups."""

from __future__ import annotations

from local.plugins.aws.group_kinds import TAGS, parameter_group, subnet_group
from local.plugins.aws.inputs import Effect, Inputs, replacing_when_lowered
from local.plugins.aws.kind import Call, Kind, Membership, SeparateCall, Waiter
from local.plugins.provider.values import Values


def _engine(old: Values, new: Values) -> Effect:
    return Effect.REPLACING if old.get("engine") == "valkey" else Effect.IN_PLACE


def _transit(old: Values, new: Values) -> Effect:
    """Redis before 7.0.5 has TLS from its creation or never; AWS gives the newest of a version such as 7.0."""
    return Effect.REPLACING if str(old.get("engineVersion", "7")).split(".")[0] < "7" else Effect.IN_PLACE


def _replicas(inputs: Values) -> int:
    named = inputs.get("replicasPerNodeGroup")
    return int(inputs.get("numCacheClusters") or 1) - 1 if named is None else int(named)


def _count(operation: str, known: Values) -> list[Call]:
    fields = {"ReplicationGroupId": "{id}", "NewReplicaCount": _replicas(known), "ApplyImmediately": True}
    return [Call(operation, fields)]


def _more(old: Values, known: Values) -> list[Call]:
    return _count("IncreaseReplicaCount", known) if _replicas(known) > _replicas(old) else []


def _fewer(old: Values, known: Values) -> list[Call]:
    return _count("DecreaseReplicaCount", known) if _replicas(known) < _replicas(old) else []


def _token(old: Values, known: Values) -> list[Call]:
    """A rotated token: clients may use the old one until the next change."""
    strategy = known.get("authTokenUpdateStrategy") or "ROTATE"
    fields = {"ReplicationGroupId": "{id}", "AuthToken": "{authToken}", "ApplyImmediately": True}
    return [Call("ModifyReplicationGroup", {**fields, "AuthTokenUpdateStrategy": strategy})]


KINDS = (
    subnet_group("elasticache", "CacheSubnetGroup", "ARN", modify={}),
    Kind(
        type="aws:elasticache/replicationGroup:ReplicationGroup",
        service="elasticache",
        create=Call("CreateReplicationGroup", {"PreferredCacheClusterAZs": "{preferredCacheClusterAzs}"}, match=True),
        id="{replicationGroupId}",
        read=Call("DescribeReplicationGroups", {"ReplicationGroupId": "{id}"}),
        found="ReplicationGroups[0]",
        delete=Call(
            "DeleteReplicationGroup",
            {"ReplicationGroupId": "{id}", "FinalSnapshotIdentifier": "{finalSnapshotIdentifier}"},
        ),
        modify=Call(
            "ModifyReplicationGroup",
            {"ReplicationGroupId": "{id}", "ApplyImmediately": "{applyImmediately}"},
            match=True,
        ),
        membership=Membership(
            "globalReplicationGroupId",
            Call(
                "DisassociateGlobalReplicationGroup",
                {
                    "GlobalReplicationGroupId": "{globalReplicationGroupId}",
                    "ReplicationGroupId": "{id}",
                    "ReplicationGroupRegion": "{region}",
                },
            ),
            "GlobalReplicationGroupInfo.GlobalReplicationGroupId",
            Call("DescribeGlobalReplicationGroups", {"GlobalReplicationGroupId": "{globalReplicationGroupId}"}),
            Waiter(
                "GlobalReplicationGroups[0].Status",
                frozenset({"available", "primary-only"}),
                frozenset({"deleting", "deleted"}),
            ),
        ),
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
            "replicasPerNodeGroup": "length(NodeGroups[0].NodeGroupMembers[1:] || `[]`)",
            "globalReplicationGroupId": "GlobalReplicationGroupInfo.GlobalReplicationGroupId",
            "authToken": "",
            "subnetGroupName": "",
            "securityGroupIds": "",
            "parameterGroupName": "",
            "engine": "",
            "port": "",
        },
        write_only=frozenset({"securityGroupIds", "parameterGroupName"}),
        versions=frozenset({"engineVersion"}),
        inputs=Inputs(
            source="internal/service/elasticache/replication_group.go",
            in_place="authToken autoMinorVersionUpgrade automaticFailoverEnabled description engine engineVersion "
            "ipDiscovery maintenanceWindow multiAzEnabled nodeType notificationTopicArn numCacheClusters "
            "parameterGroupName replicasPerNodeGroup securityGroupIds snapshotRetentionLimit snapshotWindow "
            "transitEncryptionEnabled transitEncryptionMode",
            replacing="replicationGroupId atRestEncryptionEnabled dataTieringEnabled globalReplicationGroupId kmsKeyId "
            "networkType port snapshotArns snapshotName subnetGroupName",
            steering="applyImmediately authTokenUpdateStrategy finalSnapshotIdentifier preferredCacheClusterAzs",
            depending={
                "engine": _engine,
                "engineVersion": replacing_when_lowered("engineVersion"),
                "transitEncryptionEnabled": _transit,
            },
            absent={
                "applyImmediately": False,
                "automaticFailoverEnabled": False,
                "multiAzEnabled": False,
                "snapshotRetentionLimit": 0,
            },
            sets="securityGroupIds",
            computed={
                "memberClusters": "numCacheClusters replicasPerNodeGroup",
                "primaryEndpointAddress": "transitEncryptionEnabled",
                "readerEndpointAddress": "transitEncryptionEnabled numCacheClusters replicasPerNodeGroup",
            },
        ),
        separate=(
            SeparateCall(("numCacheClusters", "replicasPerNodeGroup"), _more, created=True),
            SeparateCall(("authToken",), _token, created=True, last=True),
            SeparateCall(("numCacheClusters", "replicasPerNodeGroup"), _fewer, created=True, last=True),
        ),
        pending="PendingModifiedValues",
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
