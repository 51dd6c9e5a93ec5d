"""Responses to stress events: a signed webhook for each stored event until it was accepted or is too old to help.

The events' table is the outbox. A new event is sent at once by the process that stored it; whatever fails, or was left
by a process that died, is found in the table when `due` and sent again with a growing pause. A request may thus
reach the receiver twice, with the same idempotency key; it answers the second as the first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, Full, Queue
from threading import Thread
from typing import Any

import httpx
import msgspec
import psycopg
import structlog

from contracts import webhook
from contracts.platform import TABLE_EVENTS
from contracts.records import Evidence, StressEvent
from dataflows.biosync import metrics
from dataflows.biosync.stopping import Stopped, Stopping

USEFUL_SECONDS = 600
"""How long after its beats arrived an event is worth a response; counted from arrival, since a wearable out of reach
sends late, and hours-old beats must still be answered while their wearer is there."""
LONGEST_PAUSE_SECONDS = 60
POLL_SECONDS = 1.0
AT_ONCE = 8
_WAITING = 1000

_CLAIM = f"""
update {TABLE_EVENTS} set attempts = attempts + 1,
    due = now() + least({LONGEST_PAUSE_SECONDS}, power(2, least(attempts, 10))) * interval '1 second'
where responded_at is null and (event_id, raised_at) in (
    select event_id, raised_at from {TABLE_EVENTS}
    where responded_at is null and due <= now() and received_at > now() - interval '{USEFUL_SECONDS} seconds'
    order by due limit {AT_ONCE * 8} for update skip locked)
returning event_id, user_id, extract(epoch from raised_at) * 1000, extract(epoch from received_at) * 1000, trace,
    evidence::text"""
_ACCEPTED = f"update {TABLE_EVENTS} set responded_at = now() where event_id = any(%b::text[]) and responded_at is null"
_log = structlog.get_logger(__name__)


class Outbox:
    """Sends to `url`, signing with `secret`; a thread of its own from `start` on."""

    def __init__(self, database: str, url: str, secret: str, stopping: Stopping) -> None:
        self._database = database
        self._url = url
        self._secret = secret
        self._stopping = stopping
        self._fresh: Queue[StressEvent] = Queue(_WAITING)
        self._client = httpx.Client(timeout=5.0, trust_env=False, limits=httpx.Limits(max_connections=AT_ONCE))
        self._thread = Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def send(self, events: list[StressEvent]) -> None:
        """Respond to events just stored, soon; when too many wait, the table has them."""
        for event in events:
            try:
                self._fresh.put_nowait(event)
            except Full:
                return

    def _run(self) -> None:
        with ThreadPoolExecutor(AT_ONCE, "webhook") as pool:
            for attempt in self._stopping.attempts():
                try:
                    with psycopg.connect(self._database, autocommit=True, connect_timeout=5) as connection:
                        self._serve(connection, pool)
                except psycopg.OperationalError as error:
                    _log.warning(
                        "outbox_away", attempt=attempt, what=str(error), then="waiting; the table keeps events"
                    )
                except Stopped:
                    return

    def _serve(self, connection: psycopg.Connection[Any], pool: ThreadPoolExecutor) -> None:
        polled = 0.0
        while not self._stopping.requested:
            batch: list[StressEvent] = []
            try:
                batch.append(self._fresh.get(timeout=0.2))
                while len(batch) < AT_ONCE:
                    batch.append(self._fresh.get_nowait())
            except Empty:
                pass
            if time.monotonic() - polled > POLL_SECONDS:
                polled = time.monotonic()
                batch += [_event(row) for row in connection.execute(_CLAIM.encode()).fetchall()]
            if batch:
                accepted = [event_id for event_id in pool.map(self._post, batch) if event_id]
                connection.execute(_ACCEPTED.encode(), [accepted])

    def _post(self, event: StressEvent) -> str | None:
        """The event's id if the receiver took it."""
        body = msgspec.json.encode(event)
        now = time.time()
        headers = {
            "Content-Type": "application/json",
            webhook.TIMESTAMP: str(int(now)),
            webhook.SIGNATURE: webhook.sign(self._secret, int(now), body),
            webhook.IDEMPOTENCY_KEY: event.event_id,
            webhook.TRACE_ID: event.trace,
        }
        try:
            self._client.post(self._url, content=body, headers=headers).raise_for_status()
        except httpx.HTTPError as error:
            metrics.RESPONSES.labels("failed").inc()
            _log.warning("response_failed", event_id=event.event_id, trace_id=event.trace, what=str(error))
            return None
        metrics.RESPONSES.labels("accepted").inc()
        metrics.RESPONSE_SECONDS.observe(max(0.0, time.time() - event.received / 1000))
        return event.event_id


def _event(row: tuple[Any, ...]) -> StressEvent:
    event_id, user, raised, received, trace, evidence = row
    return StressEvent(event_id, user, int(raised), int(received), trace, _evidence(evidence))


_evidence: Callable[[str], Evidence] = msgspec.json.Decoder(Evidence).decode
