"""The events of a region, which DescribeEvents returns for 14 days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from local.cloud.svc.rds.model import Event, Instance, RdsState, Snapshot

_KEPT = timedelta(days=14)
_MOST = 2000


def of_instance(state: RdsState, instance: Instance, category: str, message: str) -> None:
    _record(state, "db-instance", instance.identifier, instance.arn, category, message)


def of_snapshot(state: RdsState, snapshot: Snapshot, category: str, message: str) -> None:
    _record(state, "db-snapshot", snapshot.identifier, snapshot.arn, category, message)


def of_parameter_group(state: RdsState, name: str, arn: str, message: str) -> None:
    _record(state, "db-parameter-group", name, arn, "configuration change", message)


def _record(state: RdsState, type: str, source: str, arn: str, category: str, message: str) -> None:
    now = datetime.now(UTC)
    kept = [event for event in state.events[-_MOST:] if event.at > now - _KEPT]
    state.events = [*kept, Event(now, type, source, arn, message, (category,))]
