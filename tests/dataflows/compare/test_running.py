"""What a candidate reads of the running image, in a real PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from contracts import timeseries
from contracts.platform import TABLE_EVENTS, TABLE_HRV
from contracts.records import Evidence, StressEvent
from dataflows.biosync.compare.judge import Lookup, StoredEvent
from dataflows.biosync.compare.running import connect, stored
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.row import row
from dataflows.biosync.sink.outbox import insert
from dataflows.biosync.sink.store import create_partitions, write
from tests.fixtures.engines import Database

pytestmark = pytest.mark.integration
NOW = 1_760_000_000_000
EVIDENCE = Evidence(91.0, 62.5, 21.0, None, 1 / 3, 30.0, 20.0, "gate", "1")


def window(at: int) -> Window:
    return Window(at, 61.1, 1 / 3, None, 12.5, 60, 0.95, 2)


def event(user: str, at: int) -> StressEvent:
    return StressEvent(f"{user}-{at}", user, at, at, "", EVIDENCE)


@pytest.fixture(scope="module")
def url(postgres: Database) -> str:
    """A database with rows and events of two persons at eleven moments."""
    url = postgres.create("running")
    moments = [NOW + 10_000 * i for i in range(11)]
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in timeseries.native():
            connection.execute(statement.encode())
        for table in (TABLE_HRV, TABLE_EVENTS):
            create_partitions(connection, table, set(moments), timedelta(hours=1))
        write(connection, {(user, at): window(at) for user in ("ann", "bob") for at in moments})
        insert(connection, [event(user, at) for user in ("ann", "bob") for at in moments])
        connection.execute(f"update {TABLE_EVENTS} set evidence = '{{}}' where event_id = 'bob-{NOW}'".encode())
    return url


def test_rows_and_events_of_each_persons_own_time_are_read_as_they_were_computed(url: str) -> None:
    spans = {"ann": (NOW, NOW + 20_000), "bob": (NOW + 80_000, NOW + 90_000)}
    with connect(url) as connection:
        found = stored(connection, Lookup(spans, [], {f"bob-{NOW}": NOW, "nobody": NOW + 5}))
    own = [("ann", NOW + 10_000), ("ann", NOW + 20_000), ("bob", NOW + 90_000)]
    assert found.rows == {(user, at): row(window(at)) for user, at in own}
    events = {f"{user}-{at}": StoredEvent(user, at, EVIDENCE) for user, at in own}
    assert found.events == events | {f"bob-{NOW}": StoredEvent("bob", NOW, None)}


def test_nothing_is_read_for_nobody(url: str) -> None:
    with connect(url) as connection:
        found = stored(connection, Lookup({}, [], {}))
    assert (found.rows, found.events) == ({}, {})


def test_the_connection_refuses_to_write(url: str) -> None:
    with connect(url) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute(f"delete from {TABLE_HRV}".encode())
