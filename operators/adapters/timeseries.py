"""Tables of the time-series store, and the partitions that they need ahead of time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import psycopg
from psycopg import AsyncConnection

from contracts import timeseries
from contracts.biostream import Sink
from contracts.durations import delta
from operators.kubernetes.manifest import digest

AHEAD = timedelta(days=1)
_MAINTENANCE_SECONDS = 600.0
_SECONDS = 5
_LOCK = 0x61757261
"""Advisory lock: two operators at once, during a change of the active one, would wait for each other half-way."""


class StoreUnavailable(Exception):
    """The database does not answer or refuses a statement; a statement that failed has changed nothing."""


class Kind(StrEnum):
    """What the tables are cut by, as a person is told."""

    TIMESCALE = "TimescaleDB hypertables"
    NATIVE = "native partitions, since the server has no TimescaleDB"
    NOT_PRELOADED = (
        "native partitions, since the server has TimescaleDB but does not preload it: shared_preload_libraries"
    )
    MADE_WITHOUT = "native partitions, since they were made without TimescaleDB"


@dataclass
class _Done:
    what: str
    at: float


class Store:
    """Makes tables through `url`s that BioStreams name; remembers what was done, so that little is repeated."""

    def __init__(self) -> None:
        self._done: dict[str, _Done] = {}

    async def ensure(self, url: str, sink: Sink, now: datetime) -> Kind:
        """Tables, views and partitions; drops partitions past their retention. Raises StoreUnavailable."""
        try:
            async with await AsyncConnection.connect(url, connect_timeout=_SECONDS, autocommit=True) as connection:
                return await self._ensure(connection, digest(url), sink, now)
        except (psycopg.Error, OSError, StoreUnavailable) as error:
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

    async def _ensure(self, connection: AsyncConnection, key: str, sink: Sink, now: datetime) -> Kind:
        kind = await _kind(connection)
        native = kind is not Kind.TIMESCALE
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
        return kind


async def _kind(connection: AsyncConnection) -> Kind:
    """TimescaleDB wherever it can be used, except for tables that were made without: they keep what they hold.

    It must be preloaded: on a server that only has it, making the extension ends the connection. Those who own tables
    may not read shared_preload_libraries, but everyone sees a setting that the preloaded library brings.
    """
    query = """
        select exists (select from pg_available_extensions where name = 'timescaledb'),
            exists (select from pg_settings where name = 'timescaledb.disable_load'),
            array(select distinct relkind::text from pg_class where oid = any(%s::text[]::regclass[]))"""
    row = await (await connection.execute(query, [await _there(connection)])).fetchone()
    installed, preloaded, tables = row or (False, False, [])
    if "r" in tables and not (installed and preloaded):
        raise StoreUnavailable(
            "its tables are TimescaleDB's, which the server does not load: preload it again (shared_preload_libraries)"
            " and restart the server; what the tables hold is intact"
        )
    if "p" in tables and installed:  # nothing would change if it were preloaded
        return Kind.MADE_WITHOUT
    return Kind.TIMESCALE if installed and preloaded else Kind.NOT_PRELOADED if installed else Kind.NATIVE


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
