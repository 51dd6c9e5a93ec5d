"""Which DDL the operator chooses, on real servers with and without TimescaleDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from contracts import timeseries
from contracts.biostream import Sink
from local.engines.certificates import Authority
from operators.adapters.kept import Kept, release
from operators.adapters.timeseries import Partitioning, Store, StoreRefused, StoreUnavailable
from tests.fixtures.engines import Database
from tests.fixtures.timescale import preload

pytestmark = pytest.mark.integration

SINK = Sink(database="timeseries", chunk="6h", retention="9d", compress_after="2d")
NOW = datetime.now(UTC)
ME = "aura/stream"


@contextmanager
def connected(uri: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(uri, autocommit=True) as connection:
        yield connection


async def ensured(store: Store, uri: str) -> Partitioning:
    return (await store.ensure(uri, SINK, NOW, ME, [ME])).partitioning


def kinds(uri: str) -> dict[str, str]:
    with connected(uri) as connection:
        query = "select relname::text, relkind::text from pg_class where relname = any(%s)"
        names = [*timeseries.TIME_COLUMN, *timeseries.VIEWS]
        return dict(connection.execute(query, [names]).fetchall())


async def test_the_server_is_verified_by_its_authority(postgres: Database, tmp_path: Path) -> None:
    uri, store = postgres.create("operators_verified"), Store()
    await store.ensure(uri, SINK, NOW, ME, [ME], postgres.authority.certificate.read_text())
    another = Authority(tmp_path, "another").ensure().certificate.read_text()
    with pytest.raises(StoreUnavailable, match="certificate verify failed"):
        await store.ensure(uri, SINK, NOW, ME, [ME], another)
    with pytest.raises(StoreUnavailable, match="certificate verify failed"):
        await store.drop(uri, another)


async def test_a_server_with_the_extension_gets_hypertables(timescale: str) -> None:
    store = Store()
    for _ in range(2):  # existing tables are left alone
        assert await ensured(store, timescale) is Partitioning.TIMESCALE
    assert (
        await Store().ensure(timescale, SINK, NOW, ME, [ME])
    ).partitioning is Partitioning.TIMESCALE  # after a restart of the operator
    with connected(timescale) as connection:
        hypertables = "select hypertable_name::text, compression_enabled from timescaledb_information.hypertables"
        compressed = dict(connection.execute(hypertables).fetchall())
        views = "select view_name::text from timescaledb_information.continuous_aggregates order by 1"
        assert connection.execute(views).fetchall() == [("hrv_daily",), ("hrv_hourly",)]
    assert (compressed["hrv_1m"], compressed["stress_events"]) == (True, False)


async def test_a_changed_retention_reaches_the_server(timescale: str) -> None:
    store = Store()
    await store.ensure(timescale, SINK, NOW, ME, [ME])
    await store.ensure(timescale, SINK.model_copy(update={"retention": "30d"}), NOW, ME, [ME])
    with connected(timescale) as connection:
        jobs = "select config->>'drop_after' from timescaledb_information.jobs where proc_name = 'policy_retention'"
        assert {row[0] for row in connection.execute(jobs).fetchall()} == {"720:00:00"}


async def test_rows_of_a_stream_that_is_gone_outlive_a_shorter_retention(postgres: Database) -> None:
    uri = postgres.create("operators_kept")
    long, short = SINK.model_copy(update={"retention": "90d"}), SINK.model_copy(update={"retention": "1d"})
    await Store().ensure(uri, long, NOW - timedelta(days=8), "aura/old", ["aura/old"])
    with connected(uri) as connection:
        connection.execute(
            "insert into hrv_1m (user_id, at, beats, quality) values ('ada', %s, 60, 1)", [NOW - timedelta(days=8)]
        )

    def rows() -> int:
        with connected(uri) as connection:
            return len(connection.execute("select from hrv_1m").fetchall())

    assert (await Store().ensure(uri, short, NOW, ME, [ME])).kept == Kept("90d", "aura/old")
    assert rows() == 1
    with connected(uri) as connection:
        connection.execute(release().encode())
    assert (await Store().ensure(uri, short, NOW, ME, [ME])).kept == Kept("1d", ME)
    assert rows() == 0


async def test_tables_created_without_the_extension_stay_as_they_are(timescale: str) -> None:
    with connected(timescale) as connection:
        for statement in [
            *timeseries.native(),
            *timeseries.create_partitions(NOW, timedelta(hours=6), span=timedelta(hours=6)),
        ]:
            connection.execute(statement.encode())
        connection.execute("insert into hrv_1m (user_id, at, beats, quality) values ('ada', now(), 60, 1)")
    assert await ensured(Store(), timescale) is Partitioning.CREATED_WITHOUT
    assert kinds(timescale)["hrv_1m"] == "p"
    with connected(timescale) as connection:
        assert connection.execute("select user_id from hrv_1m").fetchall() == [("ada",)]


async def test_a_server_without_the_extension_gets_partitions_and_later_columns(postgres: Database) -> None:
    uri = postgres.create("operators_ddl")
    with connected(uri) as connection:
        connection.execute("drop schema public cascade; create schema public")
        for statement in timeseries.native():
            if "add column" not in statement:  # as an earlier version created it
                connection.execute(statement.encode())
    assert await ensured(Store(), uri) is Partitioning.NATIVE
    assert kinds(uri) == {"hrv_1m": "p", "stress_events": "p", "hrv_hourly": "v", "hrv_daily": "v"}
    with connected(uri) as connection:
        connection.execute("select seen_at, missed_at from stress_events")
        connection.execute("select dropped from hrv_1m")
        (count,) = connection.execute("select count(*) from pg_inherits").fetchone() or (0,)
    assert count >= 2 * 8  # tables and indexes, yesterday to tomorrow


async def test_a_server_that_does_not_preload_the_extension_gets_partitions_and_keeps_them(
    timescale_not_preloaded: str,
) -> None:
    uri, store = timescale_not_preloaded, Store()
    assert await ensured(store, uri) is Partitioning.NOT_PRELOADED
    assert kinds(uri) == {"hrv_1m": "p", "stress_events": "p", "hrv_hourly": "v", "hrv_daily": "v"}
    with connected(uri) as connection:
        assert connection.execute("select from pg_extension where extname = 'timescaledb'").fetchall() == []
        connection.execute("insert into hrv_1m (user_id, at, beats, quality) values ('ada', now(), 60, 1)")
    assert (
        await store.ensure(uri, SINK, NOW, ME, [ME])
    ).partitioning is Partitioning.CREATED_WITHOUT  # preloading it now would change nothing
    with connected(uri) as connection:
        preload(connection)
    assert await ensured(store, uri) is Partitioning.CREATED_WITHOUT
    with connected(uri) as connection:
        assert connection.execute("select user_id from hrv_1m").fetchall() == [("ada",)]


async def test_hypertables_on_a_server_that_no_longer_preloads_are_left_alone(timescale_not_preloaded: str) -> None:
    uri = timescale_not_preloaded
    with connected(uri) as connection:  # only the kind of table matters
        connection.execute("create table hrv_1m (user_id text)")
    with pytest.raises(StoreUnavailable, match=r"timeseries.*preload it again.*intact"):
        await Store().ensure(uri, SINK, NOW, ME, [ME])
    assert kinds(uri) == {"hrv_1m": "r"}


async def test_a_statement_that_postgresql_refuses_is_told_apart_from_a_server_that_is_away(postgres: Database) -> None:
    uri = postgres.create("operators_refused")
    with connected(uri) as connection:
        connection.execute("create view hrv_1m as select 1 as user_id")
    with pytest.raises(StoreRefused, match="database timeseries: SQLSTATE 42"):
        await Store().ensure(uri, SINK, NOW, ME, [ME])
    assert kinds(uri)["hrv_1m"] == "v"


async def test_drop_includes_views_and_policies(timescale: str) -> None:
    store = Store()
    await store.ensure(timescale, SINK, NOW, ME, [ME])
    await store.drop(timescale)
    assert kinds(timescale) == {}
    with connected(timescale) as connection:
        jobs = (
            "select count(*) from timescaledb_information.jobs where proc_name like %s and hypertable_name is not null"
        )
        assert connection.execute(jobs, ["policy%"]).fetchone() == (0,)
    assert await ensured(store, timescale) is Partitioning.TIMESCALE
    assert len(kinds(timescale)) == 4


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("postgresql://user:hid%zz@127.0.0.1:1/none", "no URL of PostgreSQL"),
        ("postgresql://user:hid/den@127.0.0.1:1/none", "failed to resolve host 'user'"),  # '/' ends the authority
    ],
)
async def test_a_uri_that_cannot_be_read_is_not_quoted(uri: str, words: str) -> None:
    with pytest.raises(StoreUnavailable, match=words) as refused:
        await Store().ensure(uri, SINK, NOW, ME, [ME])
    assert "hid" not in str(refused.value)


async def test_an_unreachable_server_is_reported_by_its_database() -> None:
    with pytest.raises(StoreUnavailable, match="timeseries"):
        await Store().ensure("postgresql://nobody@127.0.0.1:1/none", SINK, NOW, ME, [ME])
