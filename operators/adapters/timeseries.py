"""Tables of the time-series store, and the partitions that must exist ahead of time."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from contracts import timeseries
from contracts.biostream import Sink
from contracts.connections import postgres_verification
from contracts.durations import delta
from contracts.platform import TABLE_EPOCHS, TABLE_HRV
from operators.adapters.kept import Kept, comment_of, kept_of, longest
from operators.adapters.read_only import WRITING, make_read_only, make_writable
from operators.kubernetes.manifest import digest

AHEAD = timedelta(days=1)
_MAINTENANCE_SECONDS = 600.0
_TIMEOUT_SECONDS = 5
_LOCK = 0x61757261
"""Advisory lock: two operators at once, during a change of leader, would deadlock."""


class StoreUnavailable(Exception):
    """The database does not answer, or cannot be used as it is; statements before that one stay done."""


class StoreRefused(Exception):
    """PostgreSQL refused a statement, which changed nothing; those before it stay done. The text has its SQLSTATE."""


class Partitioning(StrEnum):
    """How the tables are partitioned, as shown to users."""

    TIMESCALE = "TimescaleDB hypertables"
    NATIVE = "native partitions, since the server has no TimescaleDB"
    NOT_PRELOADED = (
        "native partitions, since the server has TimescaleDB but does not preload it: shared_preload_libraries"
    )
    CREATED_WITHOUT = "native partitions, since they were created without TimescaleDB"


@dataclass(frozen=True)
class Tables:
    """How the tables are partitioned, and how long their rows are kept."""

    partitioning: Partitioning
    kept: Kept


@dataclass(frozen=True)
class Copy:
    """The server is a standby: its tables come from its primary. `newest` is when the last transaction that it has was
    committed, None when it has seen none since its start."""

    newest: datetime | None


@dataclass
class _Applied:
    digest: str
    at: float


class Store:
    """Creates tables in the databases of BioStreams; remembers what was applied, to avoid repeating it."""

    def __init__(self) -> None:
        self._applied: dict[str, _Applied] = {}
        self._authorities = TemporaryDirectory(prefix="aura-authorities-")

    async def ensure(
        self, url: str, sink: Sink, now: datetime, stream: str, filling: Collection[str], authority: str = ""
    ) -> Tables:
        """Tables, views and partitions; drops partitions past their retention. Raises StoreUnavailable or
        StoreRefused.

        The server is verified by `authority`, a certificate in PEM, if there is one. `filling` are all streams that
        fill the tables now, `stream` among them. Rows of a stream that is gone are kept as long as it declared.
        """
        try:
            async with await self._connect(url, authority) as connection:
                await make_writable(connection, connection.info.dbname)
                return await self._ensure(connection, digest(url), sink, now, stream, filling)
        except (psycopg.Error, OSError, StoreUnavailable) as error:
            raise _failure(f"database {sink.database}", error) from error

    async def fence(self, url: str, sink: Sink, authority: str) -> str:
        """Lets nobody write any more; what keeps the database from being written. Raises StoreUnavailable or
        StoreRefused."""
        try:
            async with await self._connect(url, authority) as connection:
                return f"{sink.database} {await make_read_only(connection, connection.info.dbname)}"
        except (psycopg.Error, OSError) as error:
            raise _failure(f"database {sink.database}", error) from error

    async def _connect(self, url: str, authority: str) -> AsyncConnection:
        return await AsyncConnection.connect(
            self._verified(url, authority), connect_timeout=_TIMEOUT_SECONDS, autocommit=True, options=WRITING
        )

    async def copy(self, url: str, database: str, authority: str = "") -> Copy | None:
        """What it has, if the server is a standby. Raises StoreUnavailable or StoreRefused."""
        try:
            async with await self._connect(url, authority) as connection:
                query = "select pg_is_in_recovery(), pg_last_xact_replay_timestamp()"
                standby, newest = await (await connection.execute(query)).fetchone() or (False, None)
        except (psycopg.Error, OSError) as error:
            raise _failure(f"database {database}", error) from error
        if not standby:
            return None
        self._applied.pop(digest(url), None)  # what its primary does meanwhile is not known here
        return Copy(newest)

    async def drop(self, url: str, authority: str = "") -> None:
        """Drops the tables with their rows. Raises StoreUnavailable or StoreRefused."""
        try:
            verified = self._verified(url, authority)
            async with await AsyncConnection.connect(verified, connect_timeout=_TIMEOUT_SECONDS) as connection:
                for table in (*timeseries.TIME_COLUMN, TABLE_EPOCHS):
                    await connection.execute(f"drop table if exists {table} cascade".encode())
        except (psycopg.Error, OSError) as error:
            raise _failure("the time-series store", error) from error
        self._applied.pop(digest(url), None)

    def _verified(self, url: str, authority: str) -> str:
        """libpq reads authorities from files only."""
        if not authority:
            return url
        file = Path(self._authorities.name) / f"{digest(authority)}.crt"
        if not file.exists():
            file.write_text(authority)
        return make_conninfo(url, **postgres_verification(str(file)))

    async def _ensure(
        self, connection: AsyncConnection, key: str, sink: Sink, now: datetime, stream: str, filling: Collection[str]
    ) -> Tables:
        kind = await _partitioning(connection)
        native = kind is not Partitioning.TIMESCALE
        declared = Kept(sink.retention, stream)
        recorded = kept_of(await _comment(connection))
        kept = longest(declared, recorded, filling)
        chunk, retention = delta(sink.chunk), delta(kept.retention)
        statements = (
            timeseries.native() if native else timeseries.timescale(chunk, retention, delta(sink.compress_after))
        )
        version, applied = digest([statements, kept.retention, kept.stream]), self._applied.get(key)
        up_to_date = applied is not None and applied.digest == version and await _complete(connection)
        if not up_to_date or (applied and time.monotonic() - applied.at > _MAINTENANCE_SECONDS):
            async with connection.transaction():
                await connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
                if native:
                    pending = [
                        *(() if up_to_date else statements),
                        *timeseries.create_partitions(now, chunk, span=AHEAD),
                    ]
                    pending += timeseries.drop_expired(await _partitions(connection), now, chunk, retention)
                else:
                    pending = [] if up_to_date else statements
                if recorded != kept:
                    pending = [*pending, comment_of(kept)]
                for statement in pending:
                    await connection.execute(statement.encode())
            self._applied[key] = _Applied(version, time.monotonic())
        return Tables(kind, kept)


def _failure(where: str, error: Exception) -> StoreUnavailable | StoreRefused:
    """As for databases of RDS: what another attempt may not meet again is an OperationalError."""
    if isinstance(error, psycopg.Error) and error.sqlstate and not isinstance(error, psycopg.OperationalError):
        return StoreRefused(f"{where}: SQLSTATE {error.sqlstate}: {error}".strip())
    return StoreUnavailable(f"{where}: {_words(error)}".strip())


def _words(error: Exception) -> str:
    """The words of an error, but not those about a URL that can't be read: they could quote its password."""
    unreadable = isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None
    return "the uri in its Secret is no URL of PostgreSQL" if unreadable else str(error)


async def _comment(connection: AsyncConnection) -> str:
    query = "select coalesce(obj_description(to_regclass(%s), 'pg_class'), '')"
    row = await (await connection.execute(query, [TABLE_HRV])).fetchone()
    return row[0] if row else ""


async def _partitioning(connection: AsyncConnection) -> Partitioning:
    """TimescaleDB wherever it can be used, except for tables that were created without it: they keep their rows.

    It must be preloaded: on a server where it is only installed, creating the extension ends the connection. Owners of
    tables may not read shared_preload_libraries, but everyone sees a setting that the preloaded library defines.
    """
    query = """
        select exists (select from pg_available_extensions where name = 'timescaledb'),
            exists (select from pg_settings where name = 'timescaledb.disable_load'),
            array(select distinct relkind::text from pg_class where oid = any(%s::text[]::regclass[]))"""
    row = await (await connection.execute(query, [await _existing_tables(connection)])).fetchone()
    installed, preloaded, tables = row or (False, False, [])
    if "r" in tables and not (installed and preloaded):
        raise StoreUnavailable(
            "its tables are hypertables of TimescaleDB, which the server does not load: preload it again"
            " (shared_preload_libraries) and restart the server; what the tables hold is intact"
        )
    if "p" in tables and installed:  # nothing would change if it were preloaded
        return Partitioning.CREATED_WITHOUT
    return (
        Partitioning.TIMESCALE
        if installed and preloaded
        else Partitioning.NOT_PRELOADED
        if installed
        else Partitioning.NATIVE
    )


async def _complete(connection: AsyncConnection) -> bool:
    names = [*timeseries.TIME_COLUMN, *timeseries.VIEWS]
    query = "select bool_and(to_regclass(name) is not null) from unnest(%s::text[]) as name"
    row = await (await connection.execute(query, [names])).fetchone()
    return bool(row and row[0])


async def _partitions(connection: AsyncConnection) -> list[str]:
    query = "select inhrelid::regclass::text from pg_inherits where inhparent = any(%s::regclass[])"
    return [row[0] for row in await (await connection.execute(query, [await _existing_tables(connection)])).fetchall()]


async def _existing_tables(connection: AsyncConnection) -> list[str]:
    """Those of the tables that exist."""
    query = "select name from unnest(%s::text[]) as name where to_regclass(name) is not null"
    return [row[0] for row in await (await connection.execute(query, [list(timeseries.TIME_COLUMN)])).fetchall()]
