"""Writes windows into the time-series store, in idempotent batches.

A row that the store can never hold becomes a dead letter, and the rest of its batch is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import msgspec
import psycopg
import structlog
from psycopg.errors import CheckViolation

from contracts import timeseries
from contracts.platform import TABLE_HRV
from contracts.rejection import write_all
from dataflows.biosync import metrics
from dataflows.biosync.backoff import Backoff
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.row import RowKey
from dataflows.biosync.sink.buffer import Buffer
from dataflows.biosync.sink.fence import Fence, connect
from dataflows.biosync.sink.health import SinkHealth
from dataflows.biosync.sink.rejections import Rejections

BATCH_SIZE = 2000
BATCH_SECONDS = 0.5

_ROWS = f"""
insert into {TABLE_HRV} (user_id, at, hr, rmssd, sdnn, pnn50, beats, quality, dropped)
select u, to_timestamp(a / 1000.0), h, r, s, p, b, q, d
from unnest(%b::text[], %b::bigint[], %b::real[], %b::real[], %b::real[], %b::real[], %b::int[], %b::real[], %b::int[])
    as given(u, a, h, r, s, p, b, q, d)
on conflict (user_id, at) do update set hr = excluded.hr, rmssd = excluded.rmssd, sdnn = excluded.sdnn,
    pnn50 = excluded.pnn50, beats = excluded.beats, quality = excluded.quality, dropped = excluded.dropped"""
_log = structlog.get_logger(__name__)


class Store:
    """Writes the rows of `buffer`, with retries; a thread of its own."""

    def __init__(
        self,
        url: str,
        chunk: timedelta,
        buffer: Buffer[RowKey, Window],
        fence: Fence,
        rejections: Rejections,
        shutdown: Shutdown,
    ) -> None:
        self._url = url
        self._chunk = chunk
        self._buffer = buffer
        self._fence = fence
        self._rejections = rejections
        self._shutdown = shutdown
        self.health = SinkHealth(f"store ({TABLE_HRV})")
        self.unavailable = "not connected yet"
        """Why the last attempt to connect or to write failed; empty after one that succeeded."""

    def start(self) -> None:
        Thread(target=self._run, name="store", daemon=True).start()

    def _run(self) -> None:
        backoff = Backoff()
        while not self._shutdown.finished:
            try:
                with connect(self._url) as connection:
                    self._serve(connection, backoff)
            except Exception as error:  # a thread that ends would write nothing for good
                self.unavailable = str(error)
                self.health.failed(str(error))
                metrics.STORE_RETRIES.inc()
                _log.warning("store_unavailable", error=str(error), action="rows are kept and written later")
                self._shutdown.wait(backoff.next())

    def _serve(self, connection: psycopg.Connection[Any], backoff: Backoff) -> None:
        while not self._shutdown.finished:
            batch = self._buffer.peek(BATCH_SIZE, min_items=BATCH_SIZE, timeout=BATCH_SECONDS)
            if batch:
                self.health.waiting()
                with metrics.STORE.time():
                    rejected = write_all(batch, lambda rows: self._write(connection, rows))
                for (partition, key), error in rejected.items():
                    self._rejections.row(partition, key[0], batch[partition, key], error)
                self._buffer.acknowledge(batch)
            self.unavailable = ""
            self.health.idle()
            backoff.reset()

    def _write(self, connection: psycopg.Connection[Any], batch: Mapping[tuple[int, RowKey], Window]) -> None:
        try:
            self._write_ours(connection, batch)
        except CheckViolation:
            create_partitions(connection, TABLE_HRV, {at for _, (_, at) in batch}, self._chunk)
            self._write_ours(connection, batch)

    def _write_ours(self, connection: psycopg.Connection[Any], batch: Mapping[tuple[int, RowKey], Window]) -> None:
        with self._fence.transaction(connection, {partition for partition, _ in batch}) as passed:
            rows = {key: window for (partition, key), window in batch.items() if partition in passed}
            if rows:
                write(connection, rows)


def write(connection: psycopg.Connection[Any], rows: dict[RowKey, Window]) -> None:
    """Insert or replace rows."""
    users, ats = zip(*rows, strict=True)
    columns = [list(column) for column in zip(*map(msgspec.structs.astuple, rows.values()), strict=True)]
    connection.execute(_ROWS.encode(), [list(users), list(ats), *columns[1:]])


def create_partitions(connection: psycopg.Connection[Any], table: str, moments: set[int], chunk: timedelta) -> None:
    """Create the missing partitions of rows (Unix ms): older than the existing ones, or the operator was down."""
    statements = {timeseries.create_partition(table, datetime.fromtimestamp(at / 1000, UTC), chunk) for at in moments}
    _log.info("creating_partitions", table=table, at_most=len(statements))
    for statement in sorted(statements):
        connection.execute(statement.encode())
