"""A database of a region that may not write, on a real PostgreSQL."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import AsyncConnection

from operators.adapters.read_only import WRITING, make_read_only, make_writable
from tests.fixtures.engines import Database

pytestmark = pytest.mark.integration


def owned(postgres: Database) -> str:
    """URI of a database and of the role that owns it, which is no superuser."""
    administrator = postgres.create("read_only")
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute("drop role if exists read_only_owner")
        connection.execute("create role read_only_owner login password 'secret'")
        connection.execute("grant read_only_owner to current_user")
        connection.execute("alter database read_only owner to read_only_owner")
    return f"postgresql://read_only_owner:secret@{postgres.server.address}:5432/read_only"


async def test_sessions_of_a_fenced_database_end_and_new_ones_only_read(postgres: Database) -> None:
    url = owned(postgres)
    async with await AsyncConnection.connect(url, autocommit=True, options=WRITING) as operator:
        with psycopg.connect(url, autocommit=True) as writer:
            writer.execute("create temporary table before ()")
            assert await make_read_only(operator, "read_only") == "is read-only"
            with pytest.raises(psycopg.OperationalError):
                writer.execute("select 1")
        with psycopg.connect(url, autocommit=True) as reader:
            assert reader.execute("select 1").fetchone() == (1,)
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                reader.execute("create table after ()")
            assert await make_read_only(operator, "read_only") == "is read-only"
            assert reader.execute("select 1").fetchone() == (1,)
            await make_writable(operator, "read_only")
            with pytest.raises(psycopg.OperationalError):
                reader.execute("select 1")
        with psycopg.connect(url, autocommit=True) as writer:
            writer.execute("create temporary table after ()")
            await make_writable(operator, "read_only")
            assert writer.execute("select 1").fetchone() == (1,)
