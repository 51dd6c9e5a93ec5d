"""What has happened to groups, clusters and snapshots; kept for 14 days, as DescribeEvents says."""

from __future__ import annotations

from datetime import datetime, timedelta

from local.cloud.svc.elasticache.model import CacheState, Event

KEPT = timedelta(days=14)


def note(state: CacheState, source: str, type: str, message: str, now: datetime) -> None:
    """`type` as in DescribeEvents, such as replication-group; call under the lock."""
    state.events = [event for event in state.events if now - event.at < KEPT]
    state.events.append(Event(now, source, type, message))
