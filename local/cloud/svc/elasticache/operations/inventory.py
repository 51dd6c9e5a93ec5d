"""What there is to choose from, what has happened, and what nobody has made: reads without an engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from local.cloud.service.base import Inputs, Output, Service
from local.cloud.service.errors import AwsError
from local.cloud.svc.elasticache.catalog import versions
from local.cloud.svc.elasticache.events import KEPT
from local.cloud.svc.elasticache.model import CacheState

_SOURCES = (
    *("cache-cluster", "cache-parameter-group", "cache-security-group", "cache-subnet-group", "replication-group"),
    *("serverless-cache", "serverless-cache-snapshot", "user", "user-group"),
)
_WEEKS = 14 * 24 * 60
"""Minutes that events are kept for."""


class InventoryOperations(Service[CacheState]):
    def describe_cache_engine_versions(self, state: CacheState, inputs: Inputs) -> Output:
        """The version that is installed; the others that AWS has cannot be chosen here."""
        engine, version = inputs.get("Engine", "redis"), inputs.get("EngineVersion", versions.INSTALLED)
        family = inputs.get("CacheParameterGroupFamily", versions.FAMILY)
        shown = (engine, version, family) == ("redis", versions.INSTALLED, versions.FAMILY)
        row = {
            "Engine": "redis",
            "EngineVersion": versions.INSTALLED,
            "CacheParameterGroupFamily": versions.FAMILY,
            "CacheEngineDescription": "Redis",
            "CacheEngineVersionDescription": f"redis version {versions.INSTALLED}",
        }
        return {"CacheEngineVersions": [row] if shown else []}

    def describe_events(self, state: CacheState, inputs: Inputs) -> Output:
        type, source = inputs.get("SourceType"), inputs.get("SourceIdentifier")
        if type not in (None, *_SOURCES):
            raise AwsError("InvalidParameterValue", f"SourceType {type} does not exist.")
        if source and not type:
            raise AwsError("InvalidParameterCombination", "SourceIdentifier needs SourceType.")
        start, end = _period(inputs, datetime.now(UTC))
        found = [
            {"SourceIdentifier": e.source, "SourceType": e.type, "Message": e.message, "Date": e.at}
            for e in state.events
            if start <= e.at <= end and type in (None, e.type) and source in (None, e.source)
        ]
        return {"Events": found}

    def describe_users(self, state: CacheState, inputs: Inputs) -> Output:
        """The user `default`, which AWS makes, has no password and may do everything."""
        if inputs.get("UserId", "default") != "default":
            raise AwsError("UserNotFound", f"User {inputs['UserId']} not found.")
        user = {
            "UserId": "default",
            "UserName": "default",
            "Status": "active",
            "Engine": "redis",
            "MinimumEngineVersion": "6.0",
            "AccessString": "on ~* +@all",
            "UserGroupIds": [],
            "Authentication": {"Type": "no-password"},
            "ARN": self.context.arn("elasticache", state.region, "user:default"),
        }
        return {"Users": [user] if inputs.get("Engine", "redis").lower() == "redis" else []}

    def describe_user_groups(self, state: CacheState, inputs: Inputs) -> Output:
        if inputs.get("UserGroupId"):
            raise AwsError("UserGroupNotFound", f"User group {inputs['UserGroupId']} not found.")
        return {"UserGroups": []}

    def describe_service_updates(self, state: CacheState, inputs: Inputs) -> Output:
        if inputs.get("ServiceUpdateName"):
            raise AwsError("ServiceUpdateNotFoundFault", f"Service update {inputs['ServiceUpdateName']} not found.")
        return {"ServiceUpdates": []}

    def describe_update_actions(self, state: CacheState, inputs: Inputs) -> Output:
        return {"UpdateActions": []}

    def describe_reserved_cache_nodes(self, state: CacheState, inputs: Inputs) -> Output:
        if inputs.get("ReservedCacheNodeId"):
            raise AwsError("ReservedCacheNodeNotFound", f"{inputs['ReservedCacheNodeId']} not found.")
        return {"ReservedCacheNodes": []}

    def describe_cache_security_groups(self, state: CacheState, inputs: Inputs) -> Output:
        if inputs.get("CacheSecurityGroupName"):
            raise AwsError("CacheSecurityGroupNotFound", f"{inputs['CacheSecurityGroupName']} not found.")
        return {"CacheSecurityGroups": []}

    def describe_serverless_caches(self, state: CacheState, inputs: Inputs) -> Output:
        if inputs.get("ServerlessCacheName"):
            raise AwsError("ServerlessCacheNotFoundFault", f"{inputs['ServerlessCacheName']} not found.")
        return {"ServerlessCaches": []}

    def describe_serverless_cache_snapshots(self, state: CacheState, inputs: Inputs) -> Output:
        name = inputs.get("ServerlessCacheSnapshotName")
        if name:
            raise AwsError("ServerlessCacheSnapshotNotFoundFault", f"{name} not found.")
        return {"ServerlessCacheSnapshots": []}


def _period(inputs: Inputs, now: datetime) -> tuple[datetime, datetime]:
    """Start and end of the events to show: the last hour unless given. Raises AwsError."""
    start, end, minutes = inputs.get("StartTime"), inputs.get("EndTime"), inputs.get("Duration")
    if minutes is not None and not 1 <= minutes <= _WEEKS:
        raise AwsError("InvalidParameterValue", f"Duration is {minutes}; it must be 1 to {_WEEKS} minutes.")
    length = timedelta(minutes=minutes if minutes is not None else 60)
    if start is None:
        start = (end or now) - length
    if end is None:
        end = start + length if minutes is not None else now
    if start > end:
        raise AwsError("InvalidParameterCombination", "StartTime is after EndTime.")
    if now - start > KEPT:
        raise AwsError("InvalidParameterValue", f"Events are kept for {KEPT.days} days.")
    return start, end
