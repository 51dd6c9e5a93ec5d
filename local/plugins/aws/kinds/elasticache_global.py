"""Global datastores of Redis."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs, replacing_when_lowered
from local.plugins.aws.kind import Call, Kind, Search, SeparateCall, Waiter

_OF_ALL = {
    "automaticFailoverEnabled": "AutomaticFailoverEnabled",
    "cacheNodeType": "CacheNodeType",
    "engineVersion": "EngineVersion",
    "globalReplicationGroupDescription": "GlobalReplicationGroupDescription",
}
"""Inputs that are changed by a call of their own each: AWS takes one at a time."""
_READ = {
    "automaticFailoverEnabled": "Members[?Role == 'PRIMARY'] | [0].AutomaticFailover == 'enabled'",
    "cacheNodeType": "CacheNodeType",
    "engineVersion": "EngineVersion",
    "globalReplicationGroupDescription": "GlobalReplicationGroupDescription",
}


def _change(name: str) -> SeparateCall:
    fields = {"GlobalReplicationGroupId": "{id}", "ApplyImmediately": True, _OF_ALL[name]: f"{{{name}}}"}
    described = name == "globalReplicationGroupDescription"
    return SeparateCall((name,), Call("ModifyGlobalReplicationGroup", fields), path=_READ[name], created=described)


KINDS = (
    Kind(
        type="aws:elasticache/globalReplicationGroup:GlobalReplicationGroup",
        service="elasticache",
        inputs=Inputs(
            source="internal/service/elasticache/global_replication_group.go",
            in_place=" ".join(_OF_ALL),
            replacing="globalReplicationGroupIdSuffix primaryReplicationGroupId",
            refused=dict.fromkeys(
                ("engine", "numNodeGroups", "parameterGroupName"), "one engine without shards is here"
            ),
            depending={"engineVersion": replacing_when_lowered("engineVersion")},
        ),
        create=Call(
            "CreateGlobalReplicationGroup",
            {
                "GlobalReplicationGroupIdSuffix": "{globalReplicationGroupIdSuffix}",
                "PrimaryReplicationGroupId": "{primaryReplicationGroupId}",
                "GlobalReplicationGroupDescription": "{globalReplicationGroupDescription}",
            },
        ),
        id=".GlobalReplicationGroup.GlobalReplicationGroupId",
        search=Search(
            Call("DescribeGlobalReplicationGroups"),
            "GlobalReplicationGroups[?ends_with(GlobalReplicationGroupId, '-{globalReplicationGroupIdSuffix}')]"
            ".GlobalReplicationGroupId",
        ),
        read=Call("DescribeGlobalReplicationGroups", {"GlobalReplicationGroupId": "{id}", "ShowMemberInfo": True}),
        found="GlobalReplicationGroups[0]",
        delete=Call(
            "DeleteGlobalReplicationGroup", {"GlobalReplicationGroupId": "{id}", "RetainPrimaryReplicationGroup": True}
        ),
        observe={
            "globalReplicationGroupIdSuffix": "",
            "primaryReplicationGroupId": "Members[?Role == 'PRIMARY'] | [0].ReplicationGroupId",
        },
        separate=tuple(_change(name) for name in _OF_ALL),
        versions=frozenset({"engineVersion"}),
        outputs={
            "arn": "ARN",
            "globalReplicationGroupId": "GlobalReplicationGroupId",
            "atRestEncryptionEnabled": "AtRestEncryptionEnabled",
            "authTokenEnabled": "AuthTokenEnabled",
            "clusterEnabled": "ClusterEnabled",
            "engineVersionActual": "EngineVersion",
            "transitEncryptionEnabled": "TransitEncryptionEnabled",
        },
        ready=Waiter("Status", frozenset({"available", "primary-only"}), frozenset({"create-failed"})),
    ),
)
