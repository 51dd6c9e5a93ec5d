"""Rows and events read from a real PostgreSQL equal those written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from contracts import timeseries
from contracts.records import Evidence, StressEvent
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.row import row
from dataflows.biosync.sink import outbox, store
from dataflows.biosync.tools import stored
from tests.fixtures.engines import Database

pytestmark = pytest.mark.integration
NOW = datetime.now(UTC)
AT = int(NOW.timestamp() * 1000) // 10_000 * 10_000
WINDOWS = {
    "ada": [Window(AT - 10_000, 61.1, None, 38.3, 11.7, 60, 0.95), Window(AT, None, None, None, None, 3, 0.1)],
    "bob": [Window(AT, 200 / 3, 40.7, 38.3, 11.7, 61, 1.0)],
}
EVIDENCE = Evidence(99.5, 61.25, None, 44, 0.97, 12, 9, "gate", "1")
EVENTS = [StressEvent(f"of-{user}", user, AT, AT + 7, "", EVIDENCE) for user in WINDOWS]


@pytest.fixture
def connection(postgres: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres.create("stored"), autocommit=True) as connection:
        connection.execute("drop schema public cascade; create schema public")
        for statement in [
            *timeseries.native(),
            *timeseries.create_partitions(NOW, timedelta(hours=6), span=timedelta(hours=6)),
        ]:
            connection.execute(statement.encode())
        store.write(connection, {(user, window.at): window for user, own in WINDOWS.items() for window in own})
        outbox.insert(connection, EVENTS)
        outbox.mark_accepted(connection, {"of-bob": AT})
        yield connection


def test_rows_are_the_windows_by_user_in_order_of_time(connection: psycopg.Connection[Any]) -> None:
    found = {user: [row(window) for window in own] for user, own in WINDOWS.items()}
    assert list(stored.rows(connection)) == list(found.items())
    assert list(stored.rows(connection, ["bob", "nobody"])) == [("bob", found["bob"])]
    assert list(stored.rows(connection, [])) == []


def test_events_have_user_arrival_and_whether_they_were_answered(
    connection: psycopg.Connection[Any],
) -> None:
    ada, bob = stored.Event("of-ada", "ada", AT + 7, False), stored.Event("of-bob", "bob", AT + 7, True)
    assert sorted(stored.events(connection)) == [ada, bob]
    assert list(stored.events(connection, ["ada"])) == [ada]
