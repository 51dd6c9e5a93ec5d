"""The service's own PostgreSQL database: a pool of verified connections, and which errors mean that it is away."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncConnection, InterfaceError, OperationalError
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool

from contracts.connections import DatabaseVariables

Connection = AsyncConnection[Any]

AWAY = (OperationalError, InterfaceError, psycopg.errors.ReadOnlySqlTransaction)
"""The database is unreachable, too slow, shutting down, without a free connection, or read-only because its region is
not the active one."""

WAIT_SECONDS = 3.0
"""For a free connection. Then 503: whoever waits longer has hung up, and a queue would outlast the outage."""
IDLE_SECONDS = 1.0
"""Since its last use for which a connection is taken for a live one: under load none is asked."""
STATEMENT_MS, LOCK_MS = 5_000, 3_000
"""Longest statement, and longest wait for a row that another request holds."""


class Pool(AsyncConnectionPool[Connection]):
    """A pool that asks an idle connection before it gives it away: a server that ended has ended all of them, and each
    would fail a request of its own."""

    def __init__(self, conninfo: str, **options: Any) -> None:
        self._used: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()
        super().__init__(conninfo, check=self._ask, **options)

    @asynccontextmanager
    async def connection(self, timeout: float | None = None) -> AsyncIterator[Connection]:  # noqa: ASYNC109  the pool's
        async with super().connection(timeout) as connection:
            try:
                yield connection
            finally:
                self._used[connection] = time.monotonic()

    async def _ask(self, connection: Connection) -> None:
        if time.monotonic() - self._used.get(connection, float("-inf")) >= IDLE_SECONDS:
            try:
                await self.check_connection(connection)
            except psycopg.Error:
                await self.check()  # the others: each would cost the one that waits another second
                raise


def pool(variables: DatabaseVariables, *, size: int) -> Pool:
    """A closed pool of at most `size` connections; each leaves its block committed, or rolled back by an exception."""
    options = f"-c statement_timeout={STATEMENT_MS} -c lock_timeout={LOCK_MS} -c timezone=UTC"
    conninfo = make_conninfo(
        variables.database_url.get_secret_value(), **variables.database_verification, connect_timeout=3
    )
    return Pool(conninfo, kwargs={"options": options}, min_size=1, max_size=size, timeout=WAIT_SECONDS, open=False)


@asynccontextmanager
async def reading(connections: Pool) -> AsyncIterator[Connection]:
    """A connection for statements that change nothing and need not agree: each is its own transaction, which saves the
    round trips that begin and end one."""
    async with connections.connection() as connection:
        await connection.set_autocommit(True)
        try:
            yield connection
        finally:
            if connection.info.transaction_status is TransactionStatus.IDLE:  # else it is broken: the pool closes it
                await connection.set_autocommit(False)


async def check(connections: Pool) -> None:
    """For /readyz: raises unless the database answers."""
    async with connections.connection(timeout=1.5) as connection:
        await connection.execute("select 1")
