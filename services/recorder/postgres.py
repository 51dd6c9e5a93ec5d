"""How far a PostgreSQL server is."""

from __future__ import annotations

import psycopg

from contracts.recovery_point import DatabasePoint

_SECONDS = 3
_OPTIONS = f"-c statement_timeout={_SECONDS}s"

_WRITABLE = """
SELECT current_setting('default_transaction_read_only') = 'off'
    OR EXISTS (SELECT FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid())
"""
_WRITTEN = """
SELECT (pg_current_wal_lsn() - '0/0')::bigint,
    (SELECT sum(tup_inserted + tup_updated + tup_deleted)::bigint FROM pg_stat_database),
    (SELECT sum(xact_commit)::bigint FROM pg_stat_database)
"""
_REPLAYED = """
SELECT (coalesce(pg_last_wal_replay_lsn(), '0/0') - '0/0')::bigint,
    EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming'),
    pg_current_snapshot()::text
"""


def database_point(uri: str) -> DatabasePoint:
    """Raises psycopg.Error when it does not answer. Whether it takes writes is read before how far it has written: what
    a server that takes none has written by then is all that there is."""
    with psycopg.connect(uri, connect_timeout=_SECONDS, autocommit=True, options=_OPTIONS) as connection:
        if _row(connection, "SELECT pg_is_in_recovery()")[0]:
            lsn, streaming, snapshot = _row(connection, _REPLAYED)
            return DatabasePoint(lsn, primary=False, streaming=streaming, snapshot=snapshot)
        writable = _row(connection, _WRITABLE)[0]
        lsn, rows, commits = _row(connection, _WRITTEN)
        return DatabasePoint(lsn, primary=True, writable=writable, rows=rows, commits=commits)


def _row(connection: psycopg.Connection[tuple[object, ...]], query: str) -> tuple:
    row = connection.execute(query).fetchone()  # pyright: ignore[reportArgumentType, reportCallIssue]
    if row is None:
        raise psycopg.DatabaseError("a query without a row")
    return row
