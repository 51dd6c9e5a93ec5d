"""The pool of a service's database: what is read without a transaction, and that changes have one all the same."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import psycopg
import pytest
from pydantic import SecretStr

from contracts.connections import DatabaseVariables
from services.kit import database
from services.kit.database import AWAY, Pool, reading
from tests.fixtures.engines import Database

pytestmark = pytest.mark.integration


@pytest.fixture
async def pool(postgres: Database) -> AsyncIterator[Pool]:
    """Of one connection, which everybody gets in turn."""
    variables = DatabaseVariables(database_url=SecretStr(postgres.create("kit_database")))
    async with database.pool(variables, size=1) as made:
        async with made.connection() as connection:
            await connection.execute("drop table if exists things")
            await connection.execute("create table things (name text)")
        yield made


async def test_reading_begins_no_transaction(pool: Pool) -> None:
    async with reading(pool) as connection:
        first, second = [
            await (await connection.execute("select pg_current_xact_id()::text")).fetchone() for _ in range(2)
        ]
    assert first != second


async def test_after_reading_even_after_a_refused_statement_changes_are_rolled_back_together(pool: Pool) -> None:
    async with reading(pool) as connection:
        await connection.execute("select 1")
    with pytest.raises(psycopg.errors.UndefinedTable):
        async with reading(pool) as connection:
            await connection.execute("select from nothing")
    with pytest.raises(KeyError):
        async with pool.connection() as connection:
            await connection.execute("insert into things values ('one')")
            raise KeyError
    async with reading(pool) as connection:
        assert await (await connection.execute("select name from things")).fetchall() == []


async def test_a_connection_that_breaks_while_it_reads_is_away_and_replaced(pool: Pool) -> None:
    with pytest.raises(AWAY):
        async with reading(pool) as connection:
            await connection.execute("select pg_terminate_backend(pg_backend_pid())")
    async with reading(pool) as connection:
        assert await (await connection.execute("select 1")).fetchone() == (1,)


async def test_after_a_restart_of_the_server_no_request_gets_a_connection_of_before(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "IDLE_SECONDS", 0.0)
    uri = postgres.create("kit_database_restart")
    async with database.pool(DatabaseVariables(database_url=SecretStr(uri)), size=6) as pool:
        async with contextlib.AsyncExitStack() as stack:  # so all six exist
            held = [await stack.enter_async_context(pool.connection()) for _ in range(6)]
            pids = {connection.info.backend_pid for connection in held}
        async with await psycopg.AsyncConnection.connect(uri, autocommit=True) as other:
            await other.execute("select pg_terminate_backend(pid) from unnest(%s) as pid", (list(pids),))
        for _ in range(6):
            async with pool.connection() as connection:
                assert connection.info.backend_pid not in pids
                await connection.execute("select 1")


async def test_a_connection_that_was_just_used_is_not_asked(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    async def check_connection(connection: object) -> None:
        asked.append(connection)

    monkeypatch.setattr(pool, "check_connection", check_connection)
    monkeypatch.setattr(database, "IDLE_SECONDS", 60.0)
    for _ in range(3):
        await database.check(pool)
    assert asked == []
    monkeypatch.setattr(database, "IDLE_SECONDS", 0.0)
    await database.check(pool)
    assert len(asked) == 1
