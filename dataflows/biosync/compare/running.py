"""What the running image of the stream has stored: rows and events, and up to which record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg

from contracts.decoding import of_others
from contracts.platform import TABLE_EVENTS, TABLE_HRV
from contracts.records import Evidence
from dataflows.biosync.compare.judge import Lookup, Progress, Stored, StoredEvent
from dataflows.biosync.signal.row import Row, RowKey
from dataflows.biosync.sink.results import unwritten_keys
from dataflows.biosync.state.bucket import PartitionBucket
from dataflows.biosync.state.manifest import Damaged, Foreign

_READ_ONLY = "-c default_transaction_read_only=on"
_MS = "(extract(epoch from {}) * 1000)::bigint"
# the bounds without a person select the partitions of the table before anything is read
_ROWS = f"""
select r.user_id, {_MS.format("r.at")}, r.hr, r.rmssd, r.sdnn, r.pnn50, r.beats, r.quality, r.dropped
from unnest(%b::text[], %b::timestamptz[], %b::timestamptz[]) as span(person, after, until)
join {TABLE_HRV} r on r.user_id = person and r.at > after and r.at <= until
where r.at > %b and r.at <= %b"""
_EVENTS = f"""
select e.event_id, e.user_id, {_MS.format("e.raised_at")}, e.evidence::text
from unnest(%b::text[], %b::timestamptz[], %b::timestamptz[]) as span(person, after, until)
join {TABLE_EVENTS} e on e.user_id = person and e.raised_at > after and e.raised_at <= until
where e.raised_at > %b and e.raised_at <= %b
union
select event_id, user_id, {_MS.format("raised_at")}, evidence::text
from {TABLE_EVENTS} where event_id = any(%b::text[]) and raised_at >= %b and raised_at <= %b"""
_evidence: Callable[[str], Evidence] = of_others(msgspec.json.Decoder(Evidence).decode)


def connect(url: str) -> psycopg.Connection[Any]:
    """To the stream's database, which refuses every write of this connection. Raises psycopg.Error."""
    return psycopg.connect(url, autocommit=True, connect_timeout=5, options=_READ_ONLY)


def stored(connection: psycopg.Connection[Any], due: Lookup) -> Stored:
    """Raises psycopg.Error."""
    people = list(due.spans)
    after, until = ([_moment(due.spans[user][i]) for user in people] for i in (0, 1))
    rows: dict[RowKey, Row] = {}
    spans: list[Any] = [people, after, until, min(after, default=_moment(0)), max(until, default=_moment(0))]
    for user, *measures in connection.execute(_ROWS.encode(), spans, binary=True):
        found = Row._make(measures)
        rows[user, found.at] = found
    raised = [_moment(at) for at in due.events.values()]
    ids = [list(due.events), min(raised, default=_moment(0)), max(raised, default=_moment(0))]
    events = {
        event_id: StoredEvent(user, at, _read(evidence))
        for event_id, user, at, evidence in connection.execute(_EVENTS.encode(), [*spans, *ids])
    }
    return Stored(rows, events)


def progress(bucket: PartitionBucket) -> Progress | None:
    """Of a partition; None before its first snapshot, and while a snapshot cannot be read. Raises BucketUnavailable."""
    latest = next(iter(bucket.manifests()), None)
    if latest is None or isinstance(latest, Foreign) or not latest.snapshots:
        return None
    newest = latest.snapshots[0]
    if newest.unwritten is None:
        return Progress(newest.place)
    try:
        return Progress(newest.place, *unwritten_keys(bucket.read(newest.unwritten)))
    except (Damaged, msgspec.MsgspecError):  # replaced meanwhile
        return None


def _read(evidence: str) -> Evidence | None:
    try:
        return _evidence(evidence)
    except msgspec.MsgspecError:
        return None


def _moment(unix_ms: int) -> datetime:
    return datetime.fromtimestamp(unix_ms / 1000, UTC)
