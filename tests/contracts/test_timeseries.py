"""The tables of the time-series store, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import timeseries
from tests.fixtures.engines import Database

NOW = datetime(2026, 3, 5, 12, 34, 56, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROW = "insert into hrv_1m (user_id, at, hr, rmssd, beats, quality) values ('ada', %s, %s, 40, 60, 1)"


def test_partitions_cover_back_and_span_without_a_gap() -> None:
    statements = timeseries.create_partitions(NOW, HOUR, back=2 * HOUR, span=3 * HOUR)
    assert len(statements) == 2 * 6
    assert "hrv_1m_p20260305_100000 " in statements[0]
    assert "from ('2026-03-05T10:00:00+00:00') to ('2026-03-05T11:00:00+00:00')" in statements[0]
    assert "hrv_1m_p20260305_150000 " in statements[5]


@given(st.integers(0, 4_000_000_000), st.integers(1, 100_000))
def test_a_time_is_in_its_partition_and_expires_only_with_it(unix: int, seconds: int) -> None:
    moment = datetime.fromtimestamp(unix, UTC)
    chunk = timedelta(seconds=seconds)
    name = timeseries.create_partition("hrv_1m", moment, chunk).split()[5]
    assert not timeseries.drop_expired([name], moment + chunk, chunk, chunk + timedelta(seconds=1))
    assert timeseries.drop_expired([name], moment + 2 * chunk, chunk, chunk)


def test_other_tables_are_never_dropped() -> None:
    names = ["hrv_1m", "hrv_1m_pkey", "users_p20000101_000000", "hrv_1m_p2000", "hrv_1m_p20000101_000000"]
    assert timeseries.drop_expired(names, NOW, HOUR, HOUR) == ["drop table if exists hrv_1m_p20000101_000000"]


def test_a_chunk_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        timeseries.create_partitions(NOW, timedelta(0), span=HOUR)


def test_timescale_statements_set_the_given_intervals() -> None:
    text = "\n".join(timeseries.timescale(HOUR, timedelta(days=90), timedelta(days=7)))
    assert text.count("create_hypertable(") == 2
    assert "chunk_time_interval => interval '3600 seconds'" in text
    assert text.count(f"add_retention_policy('hrv_1m', interval '{90 * 86400} seconds'") == 1
    assert f"add_compression_policy('hrv_1m', interval '{7 * 86400} seconds'" in text
    assert text.count("timescaledb.continuous") == 2


@pytest.mark.integration
class TestOnPostgres:
    @pytest.fixture
    def database(self, postgres: Database) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(postgres.create("ddl"), autocommit=True) as connection:
            connection.execute("drop schema public cascade; create schema public")
            for statement in timeseries.native():
                connection.execute(statement.encode())
            yield connection

    def test_every_statement_is_idempotent(self, database: psycopg.Connection[Any]) -> None:
        for statement in [*timeseries.native(), *2 * timeseries.create_partitions(NOW, HOUR, span=HOUR)]:
            database.execute(statement.encode())

    def test_hours_and_days_are_aggregated(self, database: psycopg.Connection[Any]) -> None:
        for statement in timeseries.create_partitions(NOW, HOUR, span=HOUR):
            database.execute(statement.encode())
        for minutes, hr in ((0, 60), (30, 70), (60, 80)):
            database.execute(ROW.encode(), [NOW.replace(hour=10, minute=0) + timedelta(minutes=minutes), hr])
        hours = database.execute("select bucket, hr, hr_max, windows from hrv_hourly order by 1").fetchall()
        assert hours == [
            (datetime(2026, 3, 5, 10, tzinfo=UTC), 65.0, 70.0, 2),
            (datetime(2026, 3, 5, 11, tzinfo=UTC), 80.0, 80.0, 1),
        ]
        assert database.execute("select hr, windows from hrv_daily").fetchall() == [(70.0, 3)]

    def test_expired_partitions_are_dropped_and_the_others_kept(self, database: psycopg.Connection[Any]) -> None:
        for statement in timeseries.create_partitions(NOW, HOUR, back=5 * HOUR, span=HOUR):
            database.execute(statement.encode())
        for hours in range(5):
            database.execute(ROW.encode(), [NOW - hours * HOUR, 60])
        tables = "select relname from pg_class where relispartition and relkind = 'r'"
        names = [row[0] for row in database.execute(tables).fetchall()]
        for statement in timeseries.drop_expired(names, NOW, HOUR, 2 * HOUR):
            database.execute(statement.encode())
        left = [row[0] for row in database.execute("select at from hrv_1m order by at").fetchall()]
        assert left == [NOW - 2 * HOUR, NOW - HOUR, NOW]
