"""Settings that a PostgreSQL does not start with are told as such, and the data go on with others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from local.engines.postgres import InvalidSettings, Postgres, Restored, restore_command
from local.engines.runtime.process import EngineFailed
from tests.engines.servers import MASTER, Servers, servers
from tests.fixtures.waiting import until

__all__ = ["servers"]
pytestmark = pytest.mark.integration
GIB = 1 << 30
TOGETHER = {"max_locks_per_transaction": "2147483647", "max_connections": "100000"}

AT_START = ("huge_pages", "session_preload_libraries")
"""PostgreSQL says nothing against them before."""
HIDING = {"log_min_messages": "panic", "log_destination": "syslog", "log_line_prefix": "LOG:  "}


@pytest.fixture(scope="module")
def server(servers: Servers) -> Postgres:
    """Has data, and runs with plain settings."""
    made = servers.make("settings")
    made.memory = GIB
    made.ensure(MASTER, "d")
    return made


@pytest.fixture
def stopped(server: Postgres) -> Iterator[Postgres]:
    plain = dict(server.settings)
    server.stop()
    yield server
    server.stop()
    server.settings = plain
    server.ensure()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"max_connections": "1"}, "superuser_reserved_connections (3) must be less than max_connections (1)"),
        ({"max_connections": "262144"}, "262144 is outside the valid range for parameter"),
        ({"max_connections": "200000"}, "could not map anonymous shared memory: Cannot allocate memory"),
        ({"shared_buffers": "1073741823"}, "could not map anonymous shared memory: Cannot allocate memory"),
        ({"huge_pages": "on"}, "could not map anonymous shared memory: Cannot allocate memory"),
        ({"huge_pages": "on", "log_error_verbosity": "verbose"}, "could not map anonymous shared memory"),
        (TOGETHER, 'invalid value for parameter "shared_memory_size"'),
        ({"max_worker_processes": "262143"}, 'invalid value for parameter "max_worker_processes"'),
        ({"wal_level": "minimal"}, "WAL archival cannot be enabled"),
        ({"min_wal_size": "20"}, '"min_wal_size" must be at least twice'),
        ({"max_wal_size": "2"}, '"max_wal_size" must be at least twice'),
        ({"shared_preload_libraries": "nosuch"}, 'could not access file "nosuch"'),
        ({"session_preload_libraries": "nosuch"}, 'could not access file "nosuch"'),
        ({"ssl_max_protocol_version": "TLSv1.1"}, "could not set SSL protocol version range"),
        ({"ssl_ciphers": "bogus"}, "could not set the cipher list"),
        ({"timezone": "Banana"}, 'invalid value for parameter "TimeZone"'),
        *(
            ({"max_connections": "2", hidden: value}, "superuser_reserved_connections (3) must be less")
            for hidden, value in HIDING.items()
        ),
    ],
)
def test_invalid_settings_are_reported_before_the_start(
    stopped: Postgres, settings: dict[str, str], reason: str
) -> None:
    stopped.settings = {**stopped.settings, **settings}
    before = stopped.process.log.stat().st_size
    with pytest.raises(InvalidSettings) as refused:
        stopped.ensure()
    assert reason in str(refused.value)
    assert stopped.process.pid() is None
    started = stopped.process.log.stat().st_size > before
    assert started == any(name in settings for name in AT_START)


def test_a_server_that_refuses_every_connection_has_invalid_settings(stopped: Postgres) -> None:
    stopped.ensure()
    stopped.settings = {**stopped.settings, "session_preload_libraries": "nosuch"}
    stopped.configure()
    until("it to refuse connections", lambda: not stopped.ready())
    with pytest.raises(InvalidSettings):
        stopped.ensure()
    assert stopped.process.pid() is None


def fail_one_probe(server: Postgres, monkeypatch: pytest.MonkeyPatch, then: Callable[[], None]) -> None:
    """Once it is ready, a client is told what settings are blamed for, then `then` happens, and a probe fails."""
    probe: Callable[..., list[Any]] = server.query

    def once(*question: Any) -> list[Any]:
        probe(*question)
        monkeypatch.undo()
        with pytest.raises(psycopg.OperationalError, match='FATAL:  invalid value for parameter "TimeZone"'):
            psycopg.connect(server.uri(MASTER, "d"), options="-c TimeZone=Banana")
        then()
        raise psycopg.OperationalError("connection timeout expired")

    monkeypatch.setattr(server, "query", once)


@pytest.mark.parametrize("running", [False, True])
def test_a_clients_fatal_error_does_not_stop_the_server(
    stopped: Postgres, monkeypatch: pytest.MonkeyPatch, running: bool
) -> None:
    if running:
        stopped.ensure()
    fail_one_probe(stopped, monkeypatch, lambda: None)
    stopped.ensure()


@pytest.mark.parametrize("running", [False, True])
def test_a_clients_fatal_error_is_not_blamed_for_a_crash(
    stopped: Postgres, monkeypatch: pytest.MonkeyPatch, running: bool
) -> None:
    if running:
        stopped.ensure()
    fail_one_probe(stopped, monkeypatch, stopped.process.kill)
    with pytest.raises(EngineFailed) as failed:
        stopped.ensure()
    assert not isinstance(failed.value, InvalidSettings)


def test_a_question_that_postgres_does_not_answer_ends_with_the_start(stopped: Postgres) -> None:
    before = stopped.process.log.stat().st_size
    with pytest.raises(EngineFailed, match="postgres has not ended after 0 s") as failed:
        stopped.ensure(seconds=0)
    assert not isinstance(failed.value, InvalidSettings)
    assert stopped.process.log.stat().st_size == before


def test_what_is_wrong_with_the_place_is_not_blamed_on_the_settings(stopped: Postgres) -> None:
    control = stopped.data / "global" / "pg_control"
    away = control.rename(control.with_name("away"))
    try:
        with pytest.raises(EngineFailed) as failed:
            stopped.ensure()
        assert not isinstance(failed.value, InvalidSettings)
    finally:
        away.rename(control)


def test_a_larger_machine_has_the_memory(stopped: Postgres) -> None:
    stopped.settings = {**stopped.settings, "max_locks_per_transaction": "30000"}  # 1.6 GiB, of which little is touched
    with pytest.raises(InvalidSettings):
        stopped.ensure()
    stopped.memory = 8 * GIB
    try:
        stopped.ensure()
    finally:
        stopped.memory = GIB


def test_sessions_that_end_soon_and_write_nothing_do_not_hinder_the_provider(stopped: Postgres) -> None:
    hindering = ("statement_timeout", "lock_timeout", "idle_session_timeout")
    stopped.settings = {**stopped.settings, "default_transaction_read_only": "on", **dict.fromkeys(hindering, "1")}
    stopped.ensure(MASTER, "other")


def test_settings_that_the_data_need_more_of_are_blamed(servers: Servers) -> None:
    server = servers.make("needs")
    plain = server.settings
    server.settings = {**plain, "max_prepared_transactions": "5"}
    server.ensure(MASTER, "d")
    with psycopg.connect(server.uri(MASTER, "d"), autocommit=True) as connection:
        for statement in ("CREATE TABLE p (n int)", "BEGIN", "INSERT INTO p VALUES (1)", "PREPARE TRANSACTION 'x'"):
            connection.execute(statement)
    server.query("SELECT pg_create_physical_replication_slot('s', true)")
    for fewer in ({"max_prepared_transactions": "0"}, {"max_prepared_transactions": "5", "max_replication_slots": "0"}):
        server.stop()
        server.settings = {**plain, **fewer}
        with pytest.raises(InvalidSettings):
            server.ensure()
    server.settings = {**plain, "max_prepared_transactions": "5"}
    server.ensure()
    assert server.query("SELECT gid FROM pg_prepared_xacts") == [("x",)]


def test_a_restored_server_that_refuses_every_connection_is_stopped(servers: Servers, server: Postgres) -> None:
    server.back_up(servers.folder / "to-restore")
    command = restore_command(servers.folder / "no-archive", server.data / "pg_wal")
    later = datetime.now(UTC) + timedelta(hours=1)  # so it starts a second time, to replay everything
    restored = servers.make("restored", origin=Restored(servers.folder / "to-restore", command, later))
    restored.settings = {**restored.settings, "session_preload_libraries": "nosuch"}
    with pytest.raises(InvalidSettings):
        restored.ensure()
    assert (restored.folder / "replay-all").exists()
    assert restored.process.pid() is None


def test_functions_of_the_customer_do_not_run_as_the_provider(servers: Servers) -> None:
    """Nor does what else the customer sets for its databases keep the provider out."""
    server = servers.make("with-functions")
    server.ensure(MASTER, "d")
    where = "SELECT current_database(), current_setting('search_path')"
    assert server.query(where) == [("postgres", "pg_catalog")]
    server.hand_over(MASTER.user)
    with psycopg.connect(server.uri(MASTER, "postgres"), autocommit=True) as connection:
        connection.execute("ALTER DATABASE postgres SET search_path = public, pg_catalog")
        connection.execute("CREATE FUNCTION pg_is_in_recovery() RETURNS boolean RETURN true")
        connection.execute("ALTER DATABASE postgres SET local_preload_libraries = nosuch")
    assert server.query(where) == [("rdsadmin", "pg_catalog")]
    assert not server.in_recovery()
    assert server.ready()


def test_the_owner_of_its_databases_may_drop_or_close_them(servers: Servers) -> None:
    server = servers.make("handed-over")
    server.ensure(MASTER, "d")
    for _ in range(2):
        server.hand_over(MASTER.user)
    owners = dict(server.query("SELECT datname, datdba::regrole::text FROM pg_database"))
    theirs, ours = dict.fromkeys(("d", "postgres", "template1"), MASTER.user), ("rdsadmin", "template0")
    assert owners == theirs | dict.fromkeys(ours, "rdsadmin")
    with psycopg.connect(server.uri(MASTER, "postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE t (n int)")
    with pytest.raises(psycopg.OperationalError, match='permission denied for database "rdsadmin"'):
        psycopg.connect(server.uri(MASTER, "rdsadmin"))
    assert server.query("SELECT current_database(), current_setting('search_path')") == [("rdsadmin", "pg_catalog")]
    with psycopg.connect(server.uri(MASTER, "d"), autocommit=True) as connection:
        connection.execute("ALTER DATABASE postgres ALLOW_CONNECTIONS false")
        assert server.ready()
        connection.execute("DROP DATABASE postgres")
    assert server.ready()
    server.stop()
    server.ensure(MASTER, "another")
    server.back_up(servers.folder / "of-handed-over")
    server.process.kill()
    server.end_cleanly()
    server.ensure()
