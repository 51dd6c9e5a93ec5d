"""The store on a real TimescaleDB, which must be indistinguishable from native partitions for queries.

The dataflow's code writes the same rows into both, and the history service's queries are run on both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from contracts import timeseries
from contracts.records import Evidence, StressEvent
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.row import RowKey
from dataflows.biosync.sink import outbox, store
from services.history.queries import EVENTS, SETTLED, bounds, windows_query
from services.history.time_range import Resolution
from services.recommend.outcomes import writer
from services.recommend.outcomes.queue import Outcome
from tests.fixtures.engines import Database

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC).replace(minute=37, second=0, microsecond=0)
"""Half an hour before it is in the same hour, so that a day's rows are never in two chunks."""
CHUNK, RETENTION, COMPRESS_AFTER = timedelta(hours=6), timedelta(days=9), timedelta(days=2)
DAYS = 8
USERS = ("ada", "bob")
KOLKATA = ZoneInfo("Asia/Kolkata")
EVIDENCE = Evidence(99.5, 61.25, None, 44, 0.97, 12, 9, "gate", "1")


def at(days: float = 0, seconds: float = 0) -> int:
    """Unix ms of a time before NOW."""
    return int((NOW - timedelta(days=days, seconds=seconds)).timestamp() * 1000)


def windows(days: Sequence[int] = range(DAYS)) -> dict[RowKey, Window]:
    """Half an hour of windows per day and user, some of them without measures."""
    rows: dict[RowKey, Window] = {}
    for user in USERS:
        for day in days:
            for i in range(180):
                end = at(day, 10 * i)
                known = (i + day) % 7 != 0
                hr = 60 + day + math.sin(i) if known else None
                rows[user, end] = Window(end, hr, 40.5 if known else None, 38.0, 11.5, 60 if known else 3, 0.95)
    return rows


@dataclass(frozen=True)
class Stores:
    """One connection to each kind of store, with the same rows."""

    native: psycopg.Connection[Any]
    timescale: psycopg.Connection[Any]

    def each(self) -> Iterator[psycopg.Connection[Any]]:
        yield from (self.native, self.timescale)

    def write(self, rows: dict[RowKey, Window]) -> None:
        keys = list(rows)
        for connection in self.each():
            for first in range(0, len(keys), store.BATCH_SIZE):
                store.write(connection, {key: rows[key] for key in keys[first : first + store.BATCH_SIZE]})

    def same(self, query: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The result of a query, which must be the same in both up to rounding."""
        one, other = (connection.execute(query.encode(), parameters).fetchall() for connection in self.each())
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert [*map(_rounded, left)] == [*map(_rounded, right)]
        return one

    def histories_are_the_same(self) -> int:
        """Runs the history service's queries on both; returns the number of windows in the results."""
        count = 0
        for user in (*USERS, "nobody"):
            for resolution in Resolution:
                for start, end in ((DAYS + 1, -1), (3.3, 0.2), (DAYS, 4), (-1, -2)):
                    first, past = (NOW - timedelta(days=days) for days in (start, end))
                    parameters = {"user": user, "limit": 3_000, "settled": NOW - SETTLED}
                    count += len(self.same(windows_query(resolution), parameters | bounds(resolution, first, past)))
                    inner = bounds(resolution, first, past, KOLKATA) | {"zone": KOLKATA.key}
                    self.same(windows_query(resolution, KOLKATA.key), parameters | inner)
                    self.same(EVENTS, parameters | {"start": first, "event_id": "", "end": past})
        for view in timeseries.VIEWS:
            self.same(f"select * from {view} order by user_id, bucket")
        return count

    def run(self, policy: str) -> None:
        """Runs TimescaleDB's jobs of one policy, as its scheduler does."""
        jobs = "select job_id from timescaledb_information.jobs where proc_name = %s"
        found = self.timescale.execute(jobs.encode(), [policy]).fetchall()
        assert found, policy
        for (job,) in found:
            self.timescale.execute(f"call run_job({job})".encode())


@pytest.fixture
def stores(postgres: Database, timescale: str) -> Iterator[Stores]:
    uri = postgres.create("as_on_timescale")
    with (
        psycopg.connect(uri, autocommit=True) as native,
        psycopg.connect(timescale, autocommit=True) as extended,
    ):
        native.execute("drop schema public cascade; create schema public")
        ahead = timeseries.create_partitions(NOW, CHUNK, back=timedelta(days=DAYS + 2), span=timedelta(days=1))
        for statement in [*timeseries.native(), *ahead]:
            native.execute(statement.encode())
        for statement in timeseries.timescale(CHUNK, RETENTION, COMPRESS_AFTER):
            extended.execute(statement.encode())
        both = Stores(native, extended)
        both.write(windows())
        yield both


def _rounded(value: Any) -> Any:
    return float(f"{value:.9g}") if isinstance(value, float) else value


def materialization(stores: Stores, view: str) -> str:
    """Name of the materialized hypertable of a continuous aggregate."""
    query = """
        select format('%%I.%%I', materialization_hypertable_schema, materialization_hypertable_name)
        from timescaledb_information.continuous_aggregates where view_name = %s"""
    (name,) = stores.timescale.execute(query, [view]).fetchone() or ("",)
    return name


def policies(stores: Stores) -> dict[tuple[str, str], Any]:
    jobs = r"""
        select hypertable_name, proc_name, config from timescaledb_information.jobs
        where proc_name like 'policy\_%' and hypertable_name is not null"""
    return {(row[0], row[1]): row[2] for row in stores.timescale.execute(jobs.encode()).fetchall()}


def test_every_statement_is_idempotent_and_updates_policies(stores: Stores) -> None:
    before = stores.same("select count(*), sum(beats) from hrv_1m")
    made = policies(stores)
    assert made["hrv_1m", "policy_retention"]["drop_after"] == "216:00:00"
    assert {
        ("hrv_1m", "policy_compression"),
        ("stress_events", "policy_retention"),
        ("hrv_hourly", "policy_refresh_continuous_aggregate"),
        ("hrv_daily", "policy_retention"),
    } <= made.keys()
    for statement in timeseries.timescale(CHUNK, timedelta(days=30), timedelta(days=4)):
        stores.timescale.execute(statement.encode())
    again = policies(stores)
    assert again.keys() == made.keys()
    assert again["hrv_1m", "policy_retention"]["drop_after"] == "720:00:00"
    assert again["hrv_1m", "policy_compression"]["compress_after"] == "96:00:00"
    assert again["hrv_daily", "policy_refresh_continuous_aggregate"]["start_offset"] == "720:00:00"
    assert stores.same("select count(*), sum(beats) from hrv_1m") == before


def test_tables_views_and_functions_have_the_same_shape(stores: Stores) -> None:
    columns = """
        select attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod), attnotnull
        from pg_attribute where attnum > 0 and not attisdropped
            and attrelid = any(array['hrv_1m', 'stress_events', 'hrv_hourly', 'hrv_daily']::regclass[])
        order by 1, attnum"""
    assert len(stores.same(columns)) == 9 + 11 + 2 * 10
    functions = """
        select proname::text, pg_get_function_arguments(oid), pg_get_function_result(oid) from pg_proc
        where proname in ('hrv_hourly', 'hrv_daily') order by 1"""
    assert len(stores.same(functions)) == 2


def test_history_is_the_same_before_and_after_a_refresh_and_with_late_rows(stores: Stores) -> None:
    before = stores.histories_are_the_same()
    assert before > 2 * DAYS * 30
    stores.run("policy_refresh_continuous_aggregate")
    for view in timeseries.VIEWS:
        held = stores.timescale.execute(f"select count(*) from {materialization(stores, view)}".encode()).fetchone()
        assert held is not None
        assert held[0] >= DAYS, "the refresh has materialized buckets of all days"
    assert stores.histories_are_the_same() == before
    late = {
        (user, at(5, 3_600 + 10 * i)): Window(at(5, 3_600 + 10 * i), 120.0, 20.0, 30.0, 1.0, 50, 1.0)
        for user in USERS
        for i in range(1, 61)
    }
    changed = {key: Window(key[1], 100.0, None, None, None, 9, 0.5) for key in list(windows())[::50]}
    stores.write(late | changed)
    stores.run("policy_refresh_continuous_aggregate")
    # Two of the queries include that day, and return more for each user: an hour and eleven minutes, of which the first
    # has its last window only, and the last one lacks it.
    assert stores.histories_are_the_same() == before + 2 * len(USERS) * (11 + 1)
    assert stores.same("select max(hr_max) from hrv_daily") == [(120.0,)]


def test_old_chunks_are_compressed_and_still_accept_rows(stores: Stores) -> None:
    chunks = (
        "select count(*) filter (where is_compressed), count(*) from timescaledb_information.chunks"
        " where hypertable_name = 'hrv_1m'"
    )
    assert stores.timescale.execute(chunks.encode()).fetchone() == (0, DAYS)
    stores.run("policy_compression")
    compressed = stores.timescale.execute(chunks.encode()).fetchone()
    assert compressed is not None
    assert DAYS - 3 <= compressed[0] < DAYS
    for statement in timeseries.timescale(CHUNK, RETENTION, COMPRESS_AFTER):
        stores.timescale.execute(statement.encode())
    assert stores.timescale.execute(chunks.encode()).fetchone() == compressed
    size = "select before_compression_total_bytes, after_compression_total_bytes from hypertable_compression_stats(%s)"
    before, after = stores.timescale.execute(size.encode(), ["hrv_1m"]).fetchone() or (0, 0)
    assert 0 < after < before / 2
    stores.histories_are_the_same()
    old = [key for key in windows() if key[1] < at(5)]
    stores.write({key: Window(key[1], 77.0, 33.0, 22.0, 5.0, 55, 0.75) for key in old[::20]})
    stores.write({("eve", at(6, 10 * i)): Window(at(6, 10 * i), 88.0, 33.0, 22.0, 5.0, 55, 1.0) for i in range(60)})
    rows = stores.same("select user_id, at, hr, rmssd, sdnn, pnn50, beats, quality from hrv_1m order by user_id, at")
    assert len(rows) == len(windows()) + 60
    assert sum(row[2] == 77.0 for row in rows) == len(old[::20])
    stores.histories_are_the_same()


def test_rows_past_their_retention_are_dropped_from_tables_and_views(stores: Stores) -> None:
    expired = {("ada", at(20, 10 * i)): Window(at(20, 10 * i), 70.0, 33.0, 22.0, 5.0, 55, 1.0) for i in range(60)}
    store.create_partitions(stores.native, "hrv_1m", {moment for _, moment in expired}, CHUNK)
    stores.write(expired)
    for view in timeseries.VIEWS:  # as the refresh policy computed it in time
        stores.timescale.execute(f"call refresh_continuous_aggregate('{view}', null, null)".encode())
    assert stores.same("select count(*) from hrv_1m") == [(len(windows()) + 60,)]
    stores.histories_are_the_same()
    names = stores.native.execute("select inhrelid::regclass::text from pg_inherits").fetchall()
    for statement in timeseries.drop_expired([row[0] for row in names], NOW, CHUNK, RETENTION):
        stores.native.execute(statement.encode())
    stores.run("policy_retention")
    stores.run("policy_refresh_continuous_aggregate")
    assert stores.same("select count(*) from hrv_1m") == [(len(windows()),)]
    stores.histories_are_the_same()


def test_the_outbox_works_the_same_on_both(stores: Stores) -> None:
    moments = [at(0, 30), at(0, 400), at(0.5), at(3)]
    events = [
        StressEvent(f"event-{i}", "ada", raised, int(datetime.now(UTC).timestamp() * 1000), "trace", EVIDENCE)
        for i, raised in enumerate(moments)
    ]
    for connection in stores.each():
        assert outbox.insert(connection, events[:3]) == events[:3]
        assert outbox.insert(connection, events) == events[3:]
        connection.execute("update stress_events set due = now() - interval '1 second'")
        now = datetime.now(UTC)
        claimed = outbox.claim(connection, now, 2)
        assert len(claimed) == 2
        rest = outbox.claim(connection, now, 10)
        # Not the event raised three days before its arrival: the dataflow accepts no beats that old.
        assert sorted(event.event_id for event in [*claimed, *rest]) == ["event-0", "event-1", "event-2"]
        assert all(event in events for event in claimed)
        assert outbox.claim(connection, now, 10) == []
        outbox.mark_accepted(connection, {event.event_id: event.raised for event in events[:2]})
    outcomes = [
        Outcome(b"1-0", "event-0", "ada", moments[0], "seen", moments[0] + 9_000),
        Outcome(b"1-1", "event-1", "ada", moments[1], "missed", moments[1] + 900_000),
        Outcome(b"1-2", "event-9", "ada", moments[2], "missed", moments[1]),
    ]
    for connection in stores.each():
        for written in (["missed", "seen"], []):
            assert sorted(_write(connection, outcomes)) == written
    rows = stores.same(
        "select event_id, raised_at, evidence::text, attempts, responded_at is not null, seen_at, missed_at"
        " from stress_events order by 1"
    )
    assert [row[4] for row in rows] == [True, True, False, False]
    assert rows[0][5].timestamp() * 1000 == moments[0] + 9_000
    for connection in stores.each():  # the responses were a moment apart
        connection.execute("update stress_events set responded_at = raised_at where responded_at is not null")
    stores.histories_are_the_same()


def _write(connection: psycopg.Connection[Any], outcomes: Sequence[Outcome]) -> list[str]:
    """The statement of recommend's outcome writer on this connection: TimescaleDB here has no second one."""
    statement, columns = writer.statement(outcomes)
    return [row[0] for row in connection.execute(statement, columns).fetchall()]
