"""Snapshots: what they say of their source, and where their files are."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from local.cloud.context import CloudContext
from local.cloud.svc.elasticache import windows
from local.cloud.svc.elasticache.catalog import versions
from local.cloud.svc.elasticache.model import CacheState, Group, Member, Snapshot

_KEPT = (
    "CacheSubnetGroupName",
    "AutoMinorVersionUpgrade",
    "KmsKeyId",
    "SnapshotRetentionLimit",
    "NotificationTopicArn",
)


def snapshot_file(context: CloudContext, region: str, name: str) -> Path:
    """In a folder of its own, which nothing else has."""
    return context.folder(region, "elasticache-snapshots", name) / "dump.rdb"


def described(group: Group, member: Member | None) -> dict[str, Any]:
    """Of a snapshot of `member`, or of the group as a whole."""
    snapshot_window, maintenance_window = windows.chosen(
        group.inputs.get("SnapshotWindow"), group.inputs.get("PreferredMaintenanceWindow")
    )
    about: dict[str, Any] = {
        "Engine": "redis",
        "EngineVersion": group.inputs.get("EngineVersion", versions.INSTALLED),
        "CacheNodeType": group.node_type,
        "Port": group.port,
        "CacheParameterGroupName": group.inputs.get("CacheParameterGroupName", versions.DEFAULT_GROUP),
        "SnapshotWindow": snapshot_window,
        "PreferredMaintenanceWindow": maintenance_window,
        "AutomaticFailover": "enabled" if group.automatic_failover else "disabled",
        "DataTiering": "disabled",
        **{name: group.inputs[name] for name in _KEPT if name in group.inputs},
    }
    if group.standalone:
        single = group.members[0]
        created = {"CacheClusterCreateTime": group.created, "PreferredAvailabilityZone": single.zone}
        return {**about, **created, "CacheClusterId": single.name, "NumCacheNodes": 1}
    about |= {"ReplicationGroupId": group.name, "NumNodeGroups": 1}
    about["ReplicationGroupDescription"] = group.inputs.get("ReplicationGroupDescription", "")
    if member is not None:
        about |= {"CacheClusterId": member.name, "PreferredAvailabilityZone": member.zone, "NumCacheNodes": 1}
        about["CacheClusterCreateTime"] = member.created or group.created
    return about


def make(
    state: CacheState, name: str, group: Group, member: Member | None, tags: dict[str, str], now: datetime
) -> Snapshot:
    """A snapshot that the reconciliation of its group writes."""
    arn = CloudContext.arn("elasticache", state.region, f"snapshot:{name}")
    made = Snapshot(state.region, name, arn, tags, described(group, member), now)
    state.snapshots[name] = made
    return made


def take_automatic(state: CacheState, group: Group, now: datetime) -> None:
    """Starts the daily snapshot."""
    name = f"automatic.{group.name}-{now:%Y-%m-%d-%H-%M}"
    make(state, name, group, None, {}, now).automatic = True
    group.status = "snapshotting"
