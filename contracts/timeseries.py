"""The tables of the time-series store, as statements: no I/O here, time is an argument.

One schema, two DDLs. `timescale` is for a server with the TimescaleDB extension (hypertables, compression, retention
and continuous aggregates run by themselves); `native` is for plain PostgreSQL 15, where whoever owns the tables calls
`ahead` and `expired` now and then. Both give the same tables and the same views `hrv_hourly` and `hrv_daily`, so a
query need not know which it stands on. Every statement can be run again.

`hrv_1m` holds one row a person every ten seconds: the measures of the 60 s that end at `at`. `stress_events` is the
events' outbox as well: `responded_at` is null until the response was accepted, `due` is when the next attempt may be
made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from contracts.platform import TABLE_EVENTS, TABLE_HRV

TIME_COLUMN = {TABLE_HRV: "at", TABLE_EVENTS: "raised_at"}
VIEWS = {"hrv_hourly": "1 hour", "hrv_daily": "1 day"}

_COLUMNS = {
    TABLE_HRV: """
    user_id text not null,
    at timestamptz not null,
    hr real,
    rmssd real,
    sdnn real,
    pnn50 real,
    beats integer not null,
    quality real not null,
    primary key (user_id, at)""",
    TABLE_EVENTS: """
    event_id text not null,
    user_id text not null,
    raised_at timestamptz not null,
    received_at timestamptz not null,
    trace text not null,
    evidence jsonb not null,
    attempts integer not null default 0,
    due timestamptz not null default now(),
    responded_at timestamptz,
    primary key (event_id, raised_at)""",
}
_INDEXES = [
    f"create index if not exists {TABLE_EVENTS}_person on {TABLE_EVENTS} (user_id, raised_at)",
    f"create index if not exists {TABLE_EVENTS}_outbox on {TABLE_EVENTS} (due) where responded_at is null",
]
_MEASURES = """avg(hr) as hr, min(hr) as hr_min, max(hr) as hr_max, avg(rmssd) as rmssd, avg(sdnn) as sdnn,
    avg(pnn50) as pnn50, avg(quality) as quality, count(*) as windows"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STAMP = "%Y%m%d_%H%M%S"


def timescale(chunk: timedelta, retention: timedelta, compress_after: timedelta) -> list[str]:
    """Statements that make the store on TimescaleDB 2.11 or later (upserts into compressed chunks)."""
    statements = ["create extension if not exists timescaledb"]
    for table, column in TIME_COLUMN.items():
        statements += [
            f"create table if not exists {table} ({_COLUMNS[table]}\n)",
            f"select create_hypertable('{table}', '{column}', chunk_time_interval => {_interval(chunk)},"
            " if_not_exists => true)",
            f"select add_retention_policy('{table}', {_interval(retention)}, if_not_exists => true)",
        ]
    statements += [
        f"alter table {TABLE_HRV} set (timescaledb.compress, timescaledb.compress_segmentby = 'user_id',"
        " timescaledb.compress_orderby = 'at')",
        f"select add_compression_policy('{TABLE_HRV}', {_interval(compress_after)}, if_not_exists => true)",
        *_INDEXES,
    ]
    for view, bucket in VIEWS.items():
        statements += [
            f"create materialized view if not exists {view} with (timescaledb.continuous,"
            f" timescaledb.materialized_only = false) as select user_id,"
            f" time_bucket(interval '{bucket}', at) as bucket, {_MEASURES}"
            f" from {TABLE_HRV} group by user_id, 2 with no data",
            f"select add_continuous_aggregate_policy('{view}', start_offset => interval '3 days',"
            f" end_offset => interval '{bucket}', schedule_interval => interval '{bucket}', if_not_exists => true)",
        ]
    return statements


def native() -> list[str]:
    """Statements that make the store on plain PostgreSQL; it holds nothing until `ahead` has made partitions."""
    statements = [
        f"create table if not exists {table} ({_COLUMNS[table]}\n) partition by range ({column})"
        for table, column in TIME_COLUMN.items()
    ]
    statements += _INDEXES
    for view, bucket in VIEWS.items():
        statements.append(
            f"create or replace view {view} as select user_id,"
            f" date_bin(interval '{bucket}', at, timestamptz '{_EPOCH.isoformat()}') as bucket, {_MEASURES}"
            f" from {TABLE_HRV} group by user_id, 2"
        )
    return statements


def ahead(now: datetime, chunk: timedelta, *, back: timedelta = timedelta(days=1), span: timedelta) -> list[str]:
    """Statements that make the partitions of `now - back` to `now + span`, both tables; those that exist stay.

    Call it at least twice a `span`. `chunk` must never change for a database: partitions would overlap.
    """
    return [partition(table, start, chunk) for table in TIME_COLUMN for start in _starts(now - back, now + span, chunk)]


def partition(table: str, moment: datetime, chunk: timedelta) -> str:
    """The statement that makes the partition of `table` that holds `moment`."""
    start = _floor(moment, chunk)
    return (
        f"create table if not exists {table}_p{start:{_STAMP}} partition of {table}"
        f" for values from ('{start.isoformat()}') to ('{(start + chunk).isoformat()}')"
    )


def expired(partitions: Iterable[str], now: datetime, chunk: timedelta, retention: timedelta) -> list[str]:
    """Statements that drop those of `partitions` (names) whose youngest row is older than `retention`.

    Names that `partition` did not give are left alone.
    """
    return [
        f"drop table if exists {name}"
        for name in partitions
        if (start := _start_of(name)) is not None and start + chunk <= now - retention
    ]


def _start_of(name: str) -> datetime | None:
    table, _, stamp = name.rpartition("_p")
    if table not in TIME_COLUMN:
        return None
    try:
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def _starts(first: datetime, last: datetime, chunk: timedelta) -> Iterator[datetime]:
    start = _floor(first, chunk)
    while start <= last:
        yield start
        start += chunk


def _floor(moment: datetime, chunk: timedelta) -> datetime:
    if chunk <= timedelta(0):
        raise ValueError(f"chunk is {chunk}; it must be positive")
    return _EPOCH + (moment.astimezone(UTC) - _EPOCH) // chunk * chunk


def _interval(duration: timedelta) -> str:
    return f"interval '{duration.total_seconds():.0f} seconds'"
