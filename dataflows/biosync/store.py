"""The time-series store: rows in batches, events at once, both so that writing them again changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, TypeVar

import msgspec
import psycopg
import structlog
from psycopg.errors import CheckViolation

from contracts import timeseries
from contracts.platform import TABLE_EVENTS, TABLE_HRV
from contracts.records import StressEvent
from dataflows.biosync import metrics
from dataflows.biosync.hrv import Window
from dataflows.biosync.stopping import Stopping

MAX_ROWS = 2000
FLUSH_SECONDS = 0.5
LEASE = timedelta(seconds=5)
"""How long a new event is left to the process that stored it, before anybody may respond to it."""

_ROWS = f"""
insert into {TABLE_HRV} (user_id, at, hr, rmssd, sdnn, pnn50, beats, quality)
select u, to_timestamp(a / 1000.0), h, r, s, p, b, q
from unnest(%b::text[], %b::bigint[], %b::real[], %b::real[], %b::real[], %b::real[], %b::int[], %b::real[])
    as given(u, a, h, r, s, p, b, q)
on conflict (user_id, at) do update set hr = excluded.hr, rmssd = excluded.rmssd, sdnn = excluded.sdnn,
    pnn50 = excluded.pnn50, beats = excluded.beats, quality = excluded.quality"""
_EVENTS = f"""
insert into {TABLE_EVENTS} (event_id, user_id, raised_at, received_at, trace, evidence, due)
select i, u, to_timestamp(a / 1000.0), to_timestamp(c / 1000.0), t, e::jsonb, now() + %b::interval
from unnest(%b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::text[], %b::text[]) as given(i, u, a, c, t, e)
on conflict do nothing returning event_id"""
T = TypeVar("T")
_log = structlog.get_logger(__name__)


class Store:
    """One connection, made when needed and made again when lost. Not for several threads."""

    def __init__(self, url: str, chunk: timedelta, stopping: Stopping) -> None:
        self._url = url
        self._chunk = chunk
        self._stopping = stopping
        self._connection: psycopg.Connection[Any] | None = None
        self._rows: dict[tuple[str, int], Window] = {}
        self._flushed = monotonic()
        self.away = ""
        """Why the store can't be written to just now, or empty."""

    def add(self, rows: list[tuple[str, Window]]) -> None:
        """Take rows; they are written when there are many, after a while, or by `flush`."""
        pending = self._rows
        for user, window in rows:
            pending[user, window.at] = window
        if len(pending) >= MAX_ROWS or (pending and monotonic() - self._flushed > FLUSH_SECONDS):
            self.flush()

    def flush(self) -> None:
        """Write the rows taken so far; waits as long as the store is away, raises Stopped if asked to end."""
        self._flushed = monotonic()
        if not self._rows:
            return
        users, ats = zip(*self._rows, strict=True)
        windows = self._rows.values()
        columns = [list(column) for column in zip(*map(msgspec.structs.astuple, windows), strict=True)][1:]
        moments = [(TABLE_HRV, at) for at in ats]
        self._persist(lambda connection: connection.execute(_ROWS, [list(users), list(ats), *columns]), moments)
        self._rows = {}

    def insert(self, events: list[StressEvent]) -> list[StressEvent]:
        """Store events; gives those that were not there yet. Waits like `flush`."""
        columns = [
            [event.event_id for event in events],
            [event.user for event in events],
            [event.raised for event in events],
            [event.received for event in events],
            [event.trace for event in events],
            [msgspec.json.encode(event.evidence).decode() for event in events],
        ]

        def write(connection: psycopg.Connection[Any]) -> set[str]:
            return {row[0] for row in connection.execute(_EVENTS, [LEASE, *columns]).fetchall()}

        fresh = self._persist(write, [(TABLE_EVENTS, event.raised) for event in events])
        return [event for event in events if event.event_id in fresh]

    def _persist(self, write: Callable[[psycopg.Connection[Any]], T], moments: list[tuple[str, int]]) -> T:
        for attempt in self._stopping.attempts():
            try:
                with metrics.STORE.time():
                    written = write(self._connected())
                self.away = ""
                return written
            except CheckViolation:
                if attempt > 3:
                    raise
                self._make_partitions(moments)
            except psycopg.OperationalError as error:
                self.away = f"store away: {error}"
                metrics.STORE_RETRIES.inc()
                _log.warning("store_away", attempt=attempt, what=str(error), then="waiting; nothing is lost")
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
        raise AssertionError("attempts end only by an exception")

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
        return self._connection

    def _make_partitions(self, moments: list[tuple[str, int]]) -> None:
        """Rows lie where no partition is: beats came later than partitions were made for, or earlier than they are kept."""
        statements = {
            timeseries.partition(table, datetime.fromtimestamp(at / 1000, UTC), self._chunk) for table, at in moments
        }
        _log.info("making_partitions", statements=len(statements))
        for statement in sorted(statements):
            self._connected().execute(statement.encode())
