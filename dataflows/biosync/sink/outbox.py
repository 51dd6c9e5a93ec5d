"""Transactional outbox: stores stress events, and sends a webhook for each until it is accepted or too old to help.

The events' table is the outbox. A new event is stored and sent at once. One that failed, or was left by a process that
died, is claimed from the table when `due` and sent again with exponential backoff. So a request may reach the receiver
twice, with the same idempotency key; the receiver answers the second as the first.
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

from contracts.beats import MAX_PAST_MS
from contracts.decoding import of_others
from contracts.platform import TABLE_EVENTS
from contracts.records import Evidence, StressEvent
from contracts.rejection import rejection, write_all
from contracts.webhook import USEFUL_SECONDS
from dataflows.biosync import metrics
from dataflows.biosync.backoff import Backoff
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.sink.buffer import Buffer
from dataflows.biosync.sink.fence import Fence, connect
from dataflows.biosync.sink.health import SinkHealth
from dataflows.biosync.sink.rejections import Rejections
from dataflows.biosync.sink.store import create_partitions
from dataflows.biosync.sink.webhook import MAX_CONCURRENT, WebhookClient

MAX_BACKOFF_SECONDS = 60
LEASE_SECONDS = 10
"""How long only the process that stored a new event may send it."""
MAX_AGE = timedelta(milliseconds=MAX_PAST_MS, seconds=USEFUL_SECONDS) + timedelta(hours=1)
"""How long ago an event that is still useful can have been raised, with an hour for clock skew. The table is
partitioned by that time: a query with this bound scans a day's partitions, one without it all of them. With 90 days in
hourly partitions a claim took 2 s without and 15 ms with."""
POLL_SECONDS = 1.0
_BATCH_SIZE = 200
_TIMEOUT_SECONDS = 0.05
_MAX_IN_FLIGHT = 200
_ANY_PARTITION = 0
"""The partition of an accepted event no longer matters."""

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
    """Stores the events of `buffer` and sends their webhooks; a thread of its own, and some for the requests."""

    def __init__(
        self,
        url: str,
        chunk: timedelta,
        buffer: Buffer[str, StressEvent],
        webhook: WebhookClient,
        fence: Fence,
        rejections: Rejections,
        shutdown: Shutdown,
    ) -> None:
        self._url = url
        self._chunk = chunk
        self._buffer = buffer
        self._webhook = webhook
        self._fence = fence
        self._rejections = rejections
        self._shutdown = shutdown
        self.health = SinkHealth(f"outbox ({TABLE_EVENTS})")
        self._accepted: Buffer[str, int] = Buffer(100_000, shutdown)
        self._in_flight: set[str] = set()

    def start(self) -> None:
        Thread(target=self._run, name="outbox", daemon=True).start()

    def wait_idle(self, timeout: float) -> bool:
        """Whether no request is in flight and every acceptance is stored, after at most `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while (busy := bool(self._in_flight) or not self._accepted.wait_empty(0.0)) and time.monotonic() < deadline:
            self._shutdown.wait(0.02)
        return not busy

    def _run(self) -> None:
        backoff = Backoff()
        with ThreadPoolExecutor(MAX_CONCURRENT, "webhook") as pool:
            while not self._shutdown.finished:
                try:
                    with connect(self._url) as connection:
                        self._serve(connection, pool, backoff)
                except Exception as error:  # a thread that ends would store nothing for good
                    self.health.failed(str(error))
                    _log.warning("outbox_unavailable", error=str(error), action="events are kept and stored later")
                    self._shutdown.wait(backoff.next())

    def _serve(self, connection: psycopg.Connection[Any], pool: ThreadPoolExecutor, backoff: Backoff) -> None:
        polled = 0.0
        while not self._shutdown.finished:
            self._send(pool, self._store_new(connection))
            self._mark_accepted(connection)
            if time.monotonic() - polled > POLL_SECONDS:
                polled = time.monotonic()
                room = max(0, _MAX_IN_FLIGHT - len(self._in_flight))
                self._send(pool, claim(connection, datetime.now(UTC), room))
            self.health.idle()
            backoff.reset()

    def _store_new(self, connection: psycopg.Connection[Any]) -> list[StressEvent]:
        """Store events that were not stored yet; returns the new ones. One that cannot be stored is a dead letter."""
        batch = self._buffer.peek(_BATCH_SIZE, timeout=_TIMEOUT_SECONDS)
        if not batch:
            return []
        self.health.waiting()
        stored: list[StressEvent] = []
        rejected = write_all(batch, lambda events: stored.extend(self._insert(connection, events)))
        for (partition, event_id), error in rejected.items():
            self._rejections.event("outbox", partition, batch[partition, event_id], error)
        self._buffer.acknowledge(batch)
        return stored

    def _mark_accepted(self, connection: psycopg.Connection[Any]) -> None:
        batch = self._accepted.peek(_BATCH_SIZE, timeout=0.0)
        if not batch:
            return
        self.health.waiting()
        rejected = write_all(batch, lambda ids: mark_accepted(connection, {key: at for (_, key), at in ids.items()}))
        for (_, event_id), error in rejected.items():
            metrics.REJECTED.labels("outbox", rejection(error)).inc()
            _log.error("acceptance_refused", event_id=event_id, error=str(error), action="it is not tried again")
        self._accepted.acknowledge(batch)

    def _insert(
        self, connection: psycopg.Connection[Any], events: Mapping[tuple[int, str], StressEvent]
    ) -> list[StressEvent]:
        """Store events; returns the new ones."""
        try:
            return self._insert_ours(connection, events)
        except CheckViolation:
            create_partitions(connection, TABLE_EVENTS, {event.raised for event in events.values()}, self._chunk)
            return self._insert_ours(connection, events)

    def _insert_ours(
        self, connection: psycopg.Connection[Any], events: Mapping[tuple[int, str], StressEvent]
    ) -> list[StressEvent]:
        with self._fence.transaction(connection, {partition for partition, _ in events}) as passed:
            return insert(connection, [event for (partition, _), event in events.items() if partition in passed])

    def _send(self, pool: ThreadPoolExecutor, events: list[StressEvent]) -> None:
        """Start requests; beyond _MAX_IN_FLIGHT the event stays in the table until it is due."""
        for event in events:
            if len(self._in_flight) >= _MAX_IN_FLIGHT or event.event_id in self._in_flight:
                continue
            self._in_flight.add(event.event_id)
            pool.submit(self._request, event)

    def _request(self, event: StressEvent) -> None:
        try:
            if self._webhook.send(event):
                self._accepted.put(_ANY_PARTITION, {event.event_id: event.raised})
        finally:
            self._in_flight.discard(event.event_id)


def _moment(unix_ms: int) -> datetime:
    return datetime.fromtimestamp(unix_ms / 1000, UTC)


def insert(connection: psycopg.Connection[Any], events: Sequence[StressEvent]) -> list[StressEvent]:
    """Store events; returns the new ones. Raises CheckViolation where a partition is missing."""
    columns = [
        [event.event_id for event in events],
        [event.user for event in events],
        [event.raised for event in events],
        [event.received for event in events],
        [event.trace for event in events],
        [msgspec.json.encode(event.evidence).decode() for event in events],
    ]
    new = {row[0] for row in connection.execute(_INSERT.encode(), columns).fetchall()}
    return [event for event in events if event.event_id in new]


def claim(connection: psycopg.Connection[Any], now: datetime, limit: int) -> list[StressEvent]:
    """Claim up to `limit` due events: until they are due again, no other process claims them.

    Those that cannot be read, as of another version, are skipped: they are claimed again until they are too old.
    """
    since = now - MAX_AGE
    claimed: list[StressEvent] = []
    for row in connection.execute(_CLAIM.encode(), [since, since, limit]).fetchall():
        try:
            claimed.append(_event(row))
        except msgspec.MsgspecError as error:
            _log.error("event_unreadable", event_id=row[0], error=str(error), action="the others are sent")
    return claimed


def mark_accepted(connection: psycopg.Connection[Any], accepted: Mapping[str, int]) -> None:
    """Mark events, with the moment at which each was raised (Unix ms), as accepted by the receiver."""
    raised = accepted.values()
    connection.execute(_ACCEPTED.encode(), [list(accepted), _moment(min(raised)), _moment(max(raised))])


def _event(row: tuple[Any, ...]) -> StressEvent:
    event_id, user, raised, received, trace, evidence = row
    return StressEvent(event_id, user, raised, received, trace, _evidence(evidence))


_evidence: Callable[[str], Evidence] = of_others(msgspec.json.Decoder(Evidence).decode)
