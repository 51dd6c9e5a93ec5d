"""Writes windows into the time-series store, in idempotent batches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import msgspec
import psycopg
import structlog
from psycopg.errors import CheckViolation

from contracts import timeseries
from contracts.platform import TABLE_HRV
from dataflows.biosync import metrics
from dataflows.biosync.backoff import Backoff
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.sink.buffer import Buffer
from dataflows.biosync.sink.results import RowKey

BATCH_SIZE = 2000
BATCH_SECONDS = 0.5

_ROWS = f"""
insert into {TABLE_HRV} (user_id, at, hr, rmssd, sdnn, pnn50, beats, quality)
select u, to_timestamp(a / 1000.0), h, r, s, p, b, q
from unnest(%b::text[], %b::bigint[], %b::real[], %b::real[], %b::real[], %b::real[], %b::int[], %b::real[])
    as given(u, a, h, r, s, p, b, q)
on conflict (user_id, at) do update set hr = excluded.hr, rmssd = excluded.rmssd, sdnn = excluded.sdnn,
    pnn50 = excluded.pnn50, beats = excluded.beats, quality = excluded.quality"""
_log = structlog.get_logger(__name__)


class Store:
    """Writes the rows of `buffer`, with retries; a thread of its own."""

    def __init__(self, url: str, chunk: timedelta, buffer: Buffer[RowKey, Window], shutdown: Shutdown) -> None:
        self._url = url
        self._chunk = chunk
        self._buffer = buffer
        self._shutdown = shutdown
        self.unavailable = "not connected yet"
        """Why the store cannot be written to at the moment, or empty."""

    def start(self) -> None:
        Thread(target=self._run, name="store", daemon=True).start()

    def _run(self) -> None:
        backoff = Backoff()
        while not self._shutdown.finished:
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
                    self.unavailable = ""
                    backoff.reset()
                    self._serve(connection)
            except psycopg.Error as error:
                self.unavailable = str(error)
                metrics.STORE_RETRIES.inc()
                _log.warning("store_unavailable", error=str(error), action="rows are kept and written later")
                self._shutdown.wait(backoff.next())

    def _serve(self, connection: psycopg.Connection[Any]) -> None:
        while not self._shutdown.finished:
            batch = self._buffer.peek(BATCH_SIZE, min_items=BATCH_SIZE, timeout=BATCH_SECONDS)
            if not batch:
                continue
            rows = {key: window for (_, key), window in batch.items()}
            with metrics.STORE.time():
                try:
                    write(connection, rows)
                except CheckViolation:
                    create_partitions(connection, TABLE_HRV, {at for _, at in rows}, self._chunk)
                    write(connection, rows)
            self._buffer.acknowledge(batch)


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
