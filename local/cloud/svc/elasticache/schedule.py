"""What is due by the clock: pending modifications in the maintenance window, automatic snapshots in theirs."""

from __future__ import annotations

from datetime import datetime, timedelta

from local.cloud.svc.elasticache import windows
from local.cloud.svc.elasticache.model import CacheState, Group, Snapshot


def may_modify(group: Group, now: datetime) -> bool:
    return windows.in_weekly(_windows(group)[1], now)


def snapshot_is_due(state: CacheState, group: Group, now: datetime) -> bool:
    """Whether automatic snapshots are on, `now` is in their window, and the window has none yet."""
    if not group.inputs.get("SnapshotRetentionLimit") or not windows.in_daily(_windows(group)[0], now):
        return False
    return all(now - snapshot.created > timedelta(hours=23) for snapshot in automatic(state, group))


def expired(state: CacheState, group: Group, now: datetime) -> list[Snapshot]:
    """Automatic snapshots that are older than the retention."""
    kept = timedelta(days=group.inputs.get("SnapshotRetentionLimit", 0))
    return [snapshot for snapshot in automatic(state, group) if now - snapshot.created > kept]


def automatic(state: CacheState, group: Group) -> list[Snapshot]:
    names = (group.name,)
    return [
        snapshot
        for snapshot in state.snapshots.values()
        if snapshot.automatic
        and (snapshot.described.get("ReplicationGroupId") in names or snapshot.described.get("CacheClusterId") in names)
    ]


def _windows(group: Group) -> tuple[str, str]:
    return windows.chosen(group.inputs.get("SnapshotWindow"), group.inputs.get("PreferredMaintenanceWindow"))
