"""Copies of a PostgreSQL under load: base backups, a moment in the past, and standbys."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg
import pytest

from local.engines.postgres import Postgres, Restored, Standby, restore_command
from tests.engines.servers import Servers, connect, numbers, primary, servers
from tests.fixtures.waiting import until

__all__ = ["primary", "servers"]
pytestmark = pytest.mark.integration


@contextmanager
def load(server: Postgres) -> Iterator[list[int]]:
    """Inserts numbers, each in a transaction of its own; yields those that were acknowledged so far."""
    acknowledged = numbers(server)
    end = threading.Event()

    def insert() -> None:
        with connect(server) as connection:
            for number in itertools.count(len(acknowledged)):
                if end.is_set():
                    return
                connection.execute("INSERT INTO t VALUES (%s)", [number])
                acknowledged.append(number)

    thread = threading.Thread(target=insert)
    thread.start()
    try:
        until("the load to begin", lambda: len(acknowledged) > 100)
        yield acknowledged
    finally:
        end.set()
        thread.join()


def test_backup_under_load_has_what_was_acknowledged_before_and_no_holes(servers: Servers, primary: Postgres) -> None:
    with load(primary) as acknowledged:
        before = len(acknowledged)
        primary.back_up(servers.folder / "backup")
        after = len(acknowledged)
    copy = servers.make("copy", origin=Restored(servers.folder / "backup"))
    copy.ensure()
    rows = numbers(copy)
    assert rows == list(range(len(rows)))
    assert before <= len(rows) <= after + 1  # one may be committed and not yet acknowledged
    with connect(copy) as connection:
        connection.execute("INSERT INTO t VALUES (-1)")
    assert -1 not in numbers(primary)


def test_a_backup_that_is_there_already_is_kept(servers: Servers, primary: Postgres) -> None:
    primary.back_up(servers.folder / "twice")
    made = (servers.folder / "twice" / "data").stat().st_ino
    primary.back_up(servers.folder / "twice")
    assert (servers.folder / "twice" / "data").stat().st_ino == made


def test_table_dropped_at_a_moment_is_there_again_a_second_before_it(servers: Servers, primary: Postgres) -> None:
    primary.back_up(servers.folder / "base")
    with load(primary), connect(primary) as connection:
        connection.execute("CREATE TABLE precious AS SELECT generate_series(1, 1000) AS n")
        created = now(connection)
        until("two seconds to pass", lambda: (now(connection) - created).total_seconds() > 2)
        acknowledged = len(numbers(primary))
        wanted = now(connection)
        until("a second to pass", lambda: (now(connection) - wanted).total_seconds() > 1)
        connection.execute("DROP TABLE precious")
    origin = Restored(
        servers.folder / "base", restore_command(servers.folder / "archive", primary.data / "pg_wal"), wanted
    )
    restored = servers.make("restored", origin=origin)
    restored.ensure()
    assert numbers(restored, "precious") == list(range(1, 1001))
    rows = numbers(restored)
    assert rows == list(range(len(rows)))
    assert acknowledged <= len(rows) < len(numbers(primary))
    assert not restored.in_recovery()


def test_moment_after_the_last_commit_gives_everything(servers: Servers, primary: Postgres) -> None:
    primary.back_up(servers.folder / "latest")
    with connect(primary) as connection:
        connection.execute("CREATE TABLE last AS SELECT generate_series(1, 10) AS n")
        wanted = now(connection)
    origin = Restored(
        servers.folder / "latest", restore_command(servers.folder / "archive", primary.data / "pg_wal"), wanted
    )
    restored = servers.make("to-the-end", origin=origin)
    restored.ensure()
    assert numbers(restored, "last") == list(range(1, 11))
    restored.stop()
    restored.ensure()
    assert numbers(restored, "last") == list(range(1, 11))


def test_standby_follows_is_promoted_and_takes_writes(servers: Servers, primary: Postgres) -> None:
    standby = servers.make("standby", origin=Standby(primary.source(), "standby"))
    standby.ensure()
    assert standby.in_recovery()
    with load(primary) as acknowledged:
        pass
    until("the standby to have every row", lambda: numbers(standby) == acknowledged)
    until("the standby to stream", lambda: standby.replication().streaming)
    with connect(standby) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("DELETE FROM t")
    standby.back_up(servers.folder / "of-standby")
    copy = servers.make("copy-of-standby", origin=Restored(servers.folder / "of-standby"))
    copy.ensure()
    assert numbers(copy) == acknowledged
    assert not copy.in_recovery()
    standby.promote()
    standby.promote()
    primary.release("standby")
    assert primary.slots() == []
    with connect(standby) as connection:
        connection.execute("INSERT INTO t VALUES (-2)")
    standby.stop()
    standby.ensure()
    assert numbers(standby) == [-2, *acknowledged]
    assert numbers(primary) == acknowledged


def test_a_server_stays_reachable_while_it_is_configured_again_and_again(primary: Postgres) -> None:
    for _ in range(60):
        primary.configure()
    assert primary.ready()


def now(connection: psycopg.Connection) -> datetime:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return row[0]
