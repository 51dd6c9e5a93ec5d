"""Global datastores of Redis: a primary replication group, and secondaries in other regions that name the datastore."""

from __future__ import annotations

from local.plugins.aws.inputs import Inputs, replacing_when_lowered
from local.plugins.aws.kind import Call, Kind, Search, SeparateCall, Waiter

_CHANGED = {"GlobalReplicationGroupId": "{id}", "ApplyImmediately": True}


def _member(name: str) -> SeparateCall:
    """What the datastore has of its primary at first, and gives all its members when it is set."""
    member = f"{name[0].upper()}{name[1:]}"
    return SeparateCall((name,), Call("ModifyGlobalReplicationGroup", {**_CHANGED, member: f"{{{name}}}"}))


KINDS = (
    Kind(
        type="aws:elasticache/globalReplicationGroup:GlobalReplicationGroup",
        service="elasticache",
        create=Call("CreateGlobalReplicationGroup", match=True),
        id=".GlobalReplicationGroup.GlobalReplicationGroupId",
        search=Search(
            Call("DescribeGlobalReplicationGroups"),
            "GlobalReplicationGroups[?ends_with(GlobalReplicationGroupId, '-{globalReplicationGroupIdSuffix}')]"
            ".GlobalReplicationGroupId",
        ),
        read=Call("DescribeGlobalReplicationGroups", {"GlobalReplicationGroupId": "{id}", "ShowMemberInfo": True}),
        found="GlobalReplicationGroups[0]",
        modify=Call("ModifyGlobalReplicationGroup", _CHANGED, match=True),
        delete=Call(
            "DeleteGlobalReplicationGroup",
            {"GlobalReplicationGroupId": "{id}", "RetainPrimaryReplicationGroup": True},
        ),
        observe={
            "globalReplicationGroupIdSuffix": "",
            "primaryReplicationGroupId": "Members[?Role == 'PRIMARY'] | [0].ReplicationGroupId",
        },
        inputs=Inputs(
            source="internal/service/elasticache/global_replication_group.go",
            in_place="automaticFailoverEnabled cacheNodeType engineVersion globalReplicationGroupDescription "
            "parameterGroupName",
            replacing="globalReplicationGroupIdSuffix primaryReplicationGroupId",
            depending={"engineVersion": replacing_when_lowered("engineVersion")},
        ),
        separate=(_member("cacheNodeType"), _member("engineVersion")),
        versions=frozenset({"engineVersion"}),
        outputs={
            "arn": "ARN",
            "globalReplicationGroupId": "GlobalReplicationGroupId",
            "engineVersionActual": "EngineVersion",
        },
        ready=Waiter("Status", frozenset({"available", "primary-only"})),
    ),
)
