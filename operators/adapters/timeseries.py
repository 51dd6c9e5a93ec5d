"""Tables of the time-series store, and the partitions that they need ahead of time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg import AsyncConnection

from contracts import timeseries
from contracts.biostream import Sink
from contracts.durations import delta
from operators.manifest import digest

AHEAD = timedelta(days=1)
_MAINTENANCE_SECONDS = 600.0
_SECONDS = 5
_LOCK = 0x61757261
"""Advisory lock: two operators at once, during a change of the active one, would wait for each other half-way."""


class StoreUnavailable(Exception):
    """The database does not answer or refuses a statement; a statement that failed has changed nothing."""


@dataclass
class _Done:
    what: str
    at: float


class Store:
    """Makes tables through `url`s that BioStreams name; remembers what was done, so that little is repeated."""

    def __init__(self) -> None:
        self._done: dict[str, _Done] = {}

    async def ensure(self, url: str, sink: Sink, now: datetime) -> str:
        """Tables, views and partitions; drops partitions past their retention. Gives the DDL, timescale or native.

        Raises StoreUnavailable.
        """
        try:
            async with await AsyncConnection.connect(url, connect_timeout=_SECONDS, autocommit=True) as connection:
                return await self._ensure(connection, digest(url), sink, now)
        except (psycopg.Error, OSError) as error:
            raise StoreUnavailable(f"database {sink.database}: {error}".strip()) from error

    async def drop(self, url: str) -> None:
        """Drops the tables and what is in them. Raises StoreUnavailable."""
        try:
            async with await AsyncConnection.connect(url, connect_timeout=_SECONDS) as connection:
                for table in timeseries.TIME_COLUMN:
                    await connection.execute(f"drop table if exists {table} cascade".encode())
        except (psycopg.Error, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        self._done.pop(digest(url), None)

    async def _ensure(self, connection: AsyncConnection, key: str, sink: Sink, now: datetime) -> str:
        native = await _is_native(connection)
        chunk, retention = delta(sink.chunk), delta(sink.retention)
        statements = (
            timeseries.native() if native else timeseries.timescale(chunk, retention, delta(sink.compress_after))
        )
        what, done = digest(statements), self._done.get(key)
        settled = done is not None and done.what == what and await _complete(connection)
        if not settled or (done and time.monotonic() - done.at > _MAINTENANCE_SECONDS):
            async with connection.transaction():
                await connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
                if native:
                    names = [*(() if settled else statements), *timeseries.ahead(now, chunk, span=AHEAD)]
                    names += timeseries.expired(await _partitions(connection), now, chunk, retention)
                else:
                    names = [] if settled else statements
                for statement in names:
                    await connection.execute(statement.encode())
            self._done[key] = _Done(what, time.monotonic())
        return "native" if native else "timescale"


async def _is_native(connection: AsyncConnection) -> bool:
    """TimescaleDB wherever the server has it, except for tables that were made without: they keep what they hold."""
    query = """
        select not exists (select from pg_available_extensions where name = 'timescaledb')
            or exists (select from pg_partitioned_table where partrelid = any(%s::text[]::regclass[]))"""
    row = await (await connection.execute(query, [await _there(connection)])).fetchone()
    return bool(row and row[0])


async def _complete(connection: AsyncConnection) -> bool:
    names = [*timeseries.TIME_COLUMN, *timeseries.VIEWS]
    query = "select bool_and(to_regclass(name) is not null) from unnest(%s::text[]) as name"
    row = await (await connection.execute(query, [names])).fetchone()
    return bool(row and row[0])


async def _partitions(connection: AsyncConnection) -> list[str]:
    query = "select inhrelid::regclass::text from pg_inherits where inhparent = any(%s::regclass[])"
    return [row[0] for row in await (await connection.execute(query, [await _there(connection)])).fetchall()]


async def _there(connection: AsyncConnection) -> list[str]:
    """Those of the tables that exist."""
    query = "select name from unnest(%s::text[]) as name where to_regclass(name) is not null"
    return [row[0] for row in await (await connection.execute(query, [list(timeseries.TIME_COLUMN)])).fetchall()]
