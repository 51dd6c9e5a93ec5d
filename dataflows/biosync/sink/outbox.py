"""Stress events into the store, and a signed webhook for each until it was accepted or is too old to help.

The events' table is the outbox. A new event is stored and sent at once; whatever fails, or was left by a process that
died, is found in the table when `due` and sent again with a growing pause. So a request may reach the receiver twice,
with the same idempotency key; it answers the second as the first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import msgspec
import psycopg
import structlog
from psycopg.errors import CheckViolation

from contracts.platform import TABLE_EVENTS
from contracts.records import Evidence, StressEvent
from contracts.webhook import USEFUL_SECONDS
from dataflows.biosync.backoff import Backoff
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.signal.person import MAX_PAST
from dataflows.biosync.sink.buffer import Buffer
from dataflows.biosync.sink.store import create_partitions
from dataflows.biosync.sink.webhook import MAX_CONCURRENT, WebhookClient

MAX_BACKOFF_SECONDS = 60
LEASE_SECONDS = 10
"""How long a new event is left to the process that stored it before any may send it."""
MAX_AGE = timedelta(milliseconds=MAX_PAST, seconds=USEFUL_SECONDS) + timedelta(hours=1)
"""How long before now an event that is still useful can have been raised, with an hour for clocks that differ. The
table is cut by that time: a query that names a bound touches a day's partitions, one that does not all of them. With
90 days in hourly partitions a claim took 2 s without and 15 ms with."""
POLL_SECONDS = 1.0
_AT_ONCE = 200
_PATIENCE = 0.05
_UNDER_WAY = 200
_ANY = 0
"""Which partition an accepted event came from no longer matters."""

_INSERT = f"""
insert into {TABLE_EVENTS} (event_id, user_id, raised_at, received_at, trace, evidence, due)
select i, u, to_timestamp(a / 1000.0), to_timestamp(c / 1000.0), t, e::jsonb, now() + interval '{LEASE_SECONDS} seconds'
from unnest(%b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::text[], %b::text[]) as given(i, u, a, c, t, e)
on conflict do nothing returning event_id"""
_CLAIM = f"""
update {TABLE_EVENTS} set attempts = attempts + 1,
    due = now() + least({MAX_BACKOFF_SECONDS}, {LEASE_SECONDS} + power(2, least(attempts, 6))) * interval '1 second'
where responded_at is null and raised_at > %b and (event_id, raised_at) in (
    select event_id, raised_at from {TABLE_EVENTS}
    where responded_at is null and due <= now() and received_at > now() - interval '{USEFUL_SECONDS} seconds'
        and raised_at > %b
    order by due limit %b for update skip locked)
returning event_id, user_id, (extract(epoch from raised_at) * 1000)::bigint,
    (extract(epoch from received_at) * 1000)::bigint, trace, evidence::text"""
_ACCEPTED = f"""
update {TABLE_EVENTS} set responded_at = now()
where event_id = any(%b::text[]) and raised_at between %b and %b and responded_at is null"""
_log = structlog.get_logger(__name__)


class Outbox:
    """Stores what is in `box` and sees to the responses; a thread of its own, and some for the requests."""

    def __init__(
        self, url: str, chunk: timedelta, box: Buffer[str, StressEvent], response: WebhookClient, stopping: Shutdown
    ) -> None:
        self._url = url
        self._chunk = chunk
        self._box = box
        self._response = response
        self._stopping = stopping
        self._accepted: Buffer[str, int] = Buffer(100_000, stopping)
        self._under_way: set[str] = set()

    def start(self) -> None:
        Thread(target=self._run, name="outbox", daemon=True).start()

    def wait_idle(self, seconds: float) -> bool:
        """Whether no request is under way and every answer is written down, after waiting for that at most so long."""
        until = time.monotonic() + seconds
        while (busy := bool(self._under_way) or not self._accepted.wait_empty(0.0)) and time.monotonic() < until:
            self._stopping.wait(0.02)
        return not busy

    def _run(self) -> None:
        backoff = Backoff()
        with ThreadPoolExecutor(MAX_CONCURRENT, "webhook") as pool:
            while not self._stopping.finished:
                try:
                    with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
                        backoff.reset()
                        self._serve(connection, pool)
                except psycopg.Error as error:
                    _log.warning("outbox_away", what=str(error), then="events are kept and stored later")
                    self._stopping.wait(backoff.next())

    def _serve(self, connection: psycopg.Connection[Any], pool: ThreadPoolExecutor) -> None:
        polled = 0.0
        while not self._stopping.finished:
            new = self._box.peek(_AT_ONCE, patience=_PATIENCE)
            if new:
                fresh = self._insert(connection, list(new.values()))
                self._box.acknowledge(new)
                self._send(pool, fresh)
            if accepted := self._accepted.peek(_AT_ONCE, patience=0.0):
                mark_accepted(connection, {event_id: raised for (_, event_id), raised in accepted.items()})
                self._accepted.acknowledge(accepted)
            if time.monotonic() - polled > POLL_SECONDS:
                polled = time.monotonic()
                room = max(0, _UNDER_WAY - len(self._under_way))
                self._send(pool, claim(connection, datetime.now(UTC), room))

    def _insert(self, connection: psycopg.Connection[Any], events: list[StressEvent]) -> list[StressEvent]:
        """Store events; those that were not there yet."""
        try:
            return insert(connection, events)
        except CheckViolation:
            create_partitions(connection, TABLE_EVENTS, {event.raised for event in events}, self._chunk)
            return insert(connection, events)

    def _send(self, pool: ThreadPoolExecutor, events: list[StressEvent]) -> None:
        """Start requests; beyond _UNDER_WAY the table keeps the event until it is due."""
        for event in events:
            if len(self._under_way) >= _UNDER_WAY or event.event_id in self._under_way:
                continue
            self._under_way.add(event.event_id)
            pool.submit(self._request, event)

    def _request(self, event: StressEvent) -> None:
        try:
            if self._response.send(event):
                self._accepted.put(_ANY, {event.event_id: event.raised})
        finally:
            self._under_way.discard(event.event_id)


def _moment(unix_ms: int) -> datetime:
    return datetime.fromtimestamp(unix_ms / 1000, UTC)


def insert(connection: psycopg.Connection[Any], events: Sequence[StressEvent]) -> list[StressEvent]:
    """Store events; those that were not there yet. Raises CheckViolation where a partition is missing."""
    columns = [
        [event.event_id for event in events],
        [event.user for event in events],
        [event.raised for event in events],
        [event.received for event in events],
        [event.trace for event in events],
        [msgspec.json.encode(event.evidence).decode() for event in events],
    ]
    fresh = {row[0] for row in connection.execute(_INSERT.encode(), columns).fetchall()}
    return [event for event in events if event.event_id in fresh]


def claim(connection: psycopg.Connection[Any], now: datetime, most: int) -> list[StressEvent]:
    """Up to `most` events that are due; nobody else claims them for a while."""
    since = now - MAX_AGE
    return [_event(row) for row in connection.execute(_CLAIM.encode(), [since, since, most]).fetchall()]


def mark_accepted(connection: psycopg.Connection[Any], accepted: Mapping[str, int]) -> None:
    """The responses to these events, with the moment each was raised (Unix ms), were accepted."""
    raised = accepted.values()
    connection.execute(_ACCEPTED.encode(), [list(accepted), _moment(min(raised)), _moment(max(raised))])


def _event(row: tuple[Any, ...]) -> StressEvent:
    event_id, user, raised, received, trace, evidence = row
    return StressEvent(event_id, user, raised, received, trace, _evidence(evidence))


_evidence: Callable[[str], Evidence] = msgspec.json.Decoder(Evidence).decode
