"""The tables of the time-series store, as statements: no I/O here, time is an argument.

One schema, two DDLs. `timescale` is for a server with the TimescaleDB extension (hypertables, compression, retention
and continuous aggregates run by themselves); `native` is for plain PostgreSQL 15, where the owner of the tables calls
`create_partitions` and `drop_expired` regularly. Both give the same tables, the same views `hrv_hourly` and `hrv_daily`
and the same functions of these names, so queries do not depend on the server. Every statement is idempotent, and a
statement run again with other durations applies those.

`hrv_1m` holds one row a user and window: the measures of the time that ends at `at`, from `beats` beats; by default
60 s, every 10 s. `dropped` others were not used (null in rows of an earlier version). `stress_events` is also the
outbox of the events: `responded_at` is null until the response was accepted, `due` is the earliest time of the next
attempt. The push was then seen at `seen_at`, or had expired unseen at `missed_at`. `stream_epochs` has the epoch of the
worker that may write, of each partition of a stream (dataflows/biosync/sink/fence.py).

Query a user's hours and days by function: `hrv_hourly(user, from, to)` returns the rows of the view whose bucket starts
in that range. On plain PostgreSQL the planner cannot prune partitions of a view by time: with 90 days in hourly
partitions, a week's hours took 700 ms by view and 50 ms by function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from contracts.platform import TABLE_EPOCHS, TABLE_EVENTS, TABLE_HRV

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
_LATER_COLUMNS = {
    TABLE_HRV: {"dropped": "integer"},
    TABLE_EVENTS: {"seen_at": "timestamptz", "missed_at": "timestamptz"},
}
"""Columns that existing tables may lack."""
_INDEXES = [
    f"create index if not exists {TABLE_EVENTS}_person on {TABLE_EVENTS} (user_id, raised_at)",
    f"create index if not exists {TABLE_EVENTS}_outbox on {TABLE_EVENTS} (due) where responded_at is null",
]
_EPOCHS = (
    f"create table if not exists {TABLE_EPOCHS} (stream text not null, partition integer not null,"
    " epoch bigint not null, primary key (stream, partition))"
)
_MEASURES = """avg(hr) as hr, min(hr) as hr_min, max(hr) as hr_max, avg(rmssd) as rmssd, avg(sdnn) as sdnn,
    avg(pnn50) as pnn50, avg(quality) as quality, count(*) as windows"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STAMP = "%Y%m%d_%H%M%S"


def timescale(chunk: timedelta, retention: timedelta, compress_after: timedelta) -> list[str]:
    """Statements that create the store on TimescaleDB 2.11 or later (upserts into compressed chunks)."""
    statements = ["create extension if not exists timescaledb"]
    for table, column in TIME_COLUMN.items():
        statements += [
            f"create table if not exists {table} ({_COLUMNS[table]}\n)",
            f"select create_hypertable('{table}', '{column}', chunk_time_interval => {_interval(chunk)},"
            " if_not_exists => true)",
            *_policy(table, "retention", _interval(retention)),
        ]
    statements += _later_columns()
    statements += [
        # Once, since before 2.14 even the same settings are refused as soon as a chunk is compressed.
        "do $$ begin if not exists (select from timescaledb_information.hypertables where compression_enabled"
        f" and hypertable_schema = current_schema() and hypertable_name = '{TABLE_HRV}') then"
        f" alter table {TABLE_HRV} set (timescaledb.compress, timescaledb.compress_segmentby = 'user_id',"
        " timescaledb.compress_orderby = 'at'); end if; end $$",
        *_policy(TABLE_HRV, "compression", _interval(compress_after)),
        *_INDEXES,
        _EPOCHS,
    ]
    for view, bucket in VIEWS.items():
        statements += [
            f"create materialized view if not exists {view} with (timescaledb.continuous,"
            f" timescaledb.materialized_only = false) as select user_id,"
            f" time_bucket(interval '{bucket}', at) as bucket, {_MEASURES}"
            f" from {TABLE_HRV} group by user_id, 2 with no data",
            # A refresh covers the whole retention, or late rows would be missing from the view for good; it computes
            # only what changed. Buckets younger than the end offset are computed at query time.
            *_policy(
                view,
                "continuous_aggregate",
                f"start_offset => {_interval(retention)}, end_offset => interval '{bucket}',"
                " schedule_interval => interval '1 hour'",
            ),
            *_policy(view, "retention", _interval(retention)),
            _function(view, f"select * from {view} where user_id = $1 and bucket >= $2 and bucket < $3"),
        ]
    return statements


def native() -> list[str]:
    """Statements that create the store on plain PostgreSQL; it has no partitions until `create_partitions`."""
    statements = [
        f"create table if not exists {table} ({_COLUMNS[table]}\n) partition by range ({column})"
        for table, column in TIME_COLUMN.items()
    ]
    statements += [*_later_columns(), *_INDEXES, _EPOCHS]
    for view, bucket in VIEWS.items():
        summed = (
            f"select user_id, date_bin(interval '{bucket}', at, timestamptz '{_EPOCH.isoformat()}') as bucket,"
            f" {_MEASURES} from {TABLE_HRV}"
        )
        first, past = _rounded_up("$2", bucket), _rounded_up("$3", bucket)
        statements += [
            f"create or replace view {view} as {summed} group by user_id, 2",
            _function(view, f"{summed} where user_id = $1 and at >= {first} and at < {past} group by user_id, 2"),
        ]
    return statements


def _policy(relation: str, kind: str, what: str) -> list[str]:
    """Replaces a policy: adding one that exists with another duration would keep the old one."""
    return [
        f"select remove_{kind}_policy('{relation}', if_exists => true)",
        f"select add_{kind}_policy('{relation}', {what})",
    ]


def _later_columns() -> list[str]:
    """Not `add column if not exists`, which locks every partition even when the column exists."""
    return [
        f"do $$ begin if not exists (select from pg_attribute where attrelid = '{table}'::regclass"
        f" and attname = '{name}') then alter table {table} add column {name} {type_}; end if; end $$"
        for table, columns in _LATER_COLUMNS.items()
        for name, type_ in columns.items()
    ]


def _rounded_up(moment: str, bucket: str) -> str:
    """The first start of a bucket at or after `moment`. In UTC without a zone, where adding an interval is immutable:
    only then does the planner know the value and prune partitions."""
    raised = f"timezone('UTC', {moment}) + interval '{bucket}' - interval '1 microsecond'"
    return f"timezone('UTC', date_bin(interval '{bucket}', {raised}, timestamp '{_EPOCH:%Y-%m-%d}'))"


def _function(view: str, query: str) -> str:
    return (
        f"create or replace function {view}(text, timestamptz, timestamptz) returns setof {view}"
        f" language sql stable as $$ {query} $$"
    )


def create_partitions(
    now: datetime, chunk: timedelta, *, back: timedelta = timedelta(days=1), span: timedelta
) -> list[str]:
    """Statements that create the partitions of `now - back` to `now + span`, both tables; existing ones stay.

    Call it at least twice a `span`. `chunk` must never change for a database: partitions would overlap.
    """
    return [
        create_partition(table, start, chunk)
        for table in TIME_COLUMN
        for start in _starts(now - back, now + span, chunk)
    ]


def create_partition(table: str, moment: datetime, chunk: timedelta) -> str:
    """The statement that creates the partition of `table` that holds `moment`."""
    start = _floor(moment, chunk)
    return (
        f"create table if not exists {table}_p{start:{_STAMP}} partition of {table}"
        f" for values from ('{start.isoformat()}') to ('{(start + chunk).isoformat()}')"
    )


def drop_expired(partitions: Iterable[str], now: datetime, chunk: timedelta, retention: timedelta) -> list[str]:
    """Statements that drop those of `partitions` (names) whose newest row is older than `retention`.

    Names in another format than that of `create_partition` are ignored.
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
