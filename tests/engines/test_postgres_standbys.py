"""Standbys: nobody else can replicate, an interrupted copy is never a primary, and a source that is gone is noticed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from local.engines.certificates import Authority
from local.engines.postgres import Postgres, Standby
from local.engines.runtime.process import EngineFailed
from tests.engines.servers import MASTER, Servers, connect, numbers, primary, servers
from tests.fixtures.waiting import until

__all__ = ["primary", "servers"]
pytestmark = pytest.mark.integration


class Interrupted(Exception):
    """The endpoint was killed."""


@pytest.fixture(scope="module")
def standby(servers: Servers, primary: Postgres) -> Postgres:
    made = servers.make("follower", origin=Standby(primary.source(), "follower"))
    made.ensure()
    return made


def run(server: Postgres, statement: LiteralString) -> None:
    """As the provider's role."""
    source = server.source()
    with psycopg.connect(source.conninfo(), password=source.password, autocommit=True) as connection:
        connection.execute(statement)


def caught_up(standby: Postgres) -> bool:
    return standby.replication().level


def test_a_copy_that_was_interrupted_is_begun_anew_and_never_takes_writes(
    servers: Servers, primary: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = servers.make("interrupted", origin=Standby(primary.source(), "interrupted"))
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        if self.name == "data.new":
            rename(self, target)
            raise Interrupted
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(Interrupted):
        copy.ensure()
    monkeypatch.undo()
    assert (copy.data / "standby.signal").exists()
    copy.ensure()
    assert copy.in_recovery()
    copy.stop()
    (copy.data / "standby.signal").unlink()
    copy.ensure()
    assert copy.in_recovery()
    copy.delete()
    primary.release("interrupted")


def test_only_the_role_of_standbys_replicates_and_it_reads_nothing(primary: Postgres, standby: Postgres) -> None:
    source = primary.source()
    replicator = {"user": "rdsrepladmin", "password": source.replication, "connect_timeout": 5}
    at = {"host": primary.address, "port": primary.port}
    with pytest.raises(psycopg.OperationalError, match="rejects connection"):
        psycopg.connect(**at, **replicator, dbname="postgres")
    with pytest.raises(psycopg.OperationalError, match="entry for replication"):
        psycopg.connect(**at, user=MASTER.user, password=MASTER.password, replication="true")
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(**at, **replicator, replication="true", sslmode="disable")
    with connect(primary) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("ALTER ROLE rdsrepladmin PASSWORD 'mine'")
    with connect(standby) as connection:
        shown = connection.execute("SHOW primary_conninfo").fetchone()
    assert shown is not None
    assert "sslmode=verify-full" in shown[0] and source.replication not in shown[0] and "password=" not in shown[0]
    sender = (
        "SELECT usename::text, ssl FROM pg_stat_replication JOIN pg_stat_ssl USING (pid) WHERE application_name = %s"
    )
    until("it to stream", lambda: primary.query(sender, ["follower"]) == [("rdsrepladmin", True)])


def test_a_source_with_the_certificate_of_another_authority_is_not_copied(servers: Servers, primary: Postgres) -> None:
    other = Authority(servers.folder / "other", "other").ensure()
    copy = servers.make("deceived", origin=Standby(replace(primary.source(), root=other.certificate), "deceived"))
    with pytest.raises((EngineFailed, psycopg.OperationalError), match="certificate verify failed"):
        copy.ensure()
    assert not copy.initialized


def test_a_dead_source_is_noticed_and_followed_again_once_it_is_back(primary: Postgres, standby: Postgres) -> None:
    until("it to have everything", lambda: caught_up(standby))
    primary.process.kill()
    until("it to notice", lambda: not standby.replication().streaming)
    assert standby.replication().level is False
    assert Standby(primary.source(), "follower").slot_status() is None
    primary.ensure()
    with connect(primary) as connection:
        connection.execute("INSERT INTO t VALUES (1)")
    until("it to follow again", lambda: caught_up(standby) and 1 in numbers(standby))
    assert Standby(primary.source(), "follower").slot_status() == "reserved"


def test_a_standby_whose_wal_is_gone_keeps_its_data_and_can_be_promoted(primary: Postgres, standby: Postgres) -> None:
    until("it to have everything", lambda: caught_up(standby))
    rows = numbers(standby)
    standby.stop()
    needed = "SELECT pg_walfile_name(restart_lsn) FROM pg_replication_slots WHERE slot_name = %s"
    segment = primary.query(needed, ["follower"])[0][0]
    primary.settings |= {"wal_keep_size": "0", "max_slot_wal_keep_size": "1MB"}
    primary.configure()
    with connect(primary) as connection:
        connection.execute("INSERT INTO t VALUES (2)")

    def gone() -> bool:
        """New settings are taken up some time after the signal, and a segment is removed once it is archived."""
        for _ in range(4):
            primary.query("SELECT pg_switch_wal(), pg_logical_emit_message(false, 'any', 'any')")
        run(primary, "CHECKPOINT")
        return not primary.query("SELECT FROM pg_ls_waldir() WHERE name = %s", [segment])

    until("the WAL of the slot to be gone", gone)
    assert Standby(primary.source(), "follower").slot_status() == "lost"
    standby.ensure()
    until("it to notice", lambda: not standby.replication().streaming)
    assert numbers(standby) == rows
    standby.promote()
    with connect(standby) as connection:
        connection.execute("INSERT INTO t VALUES (3)")
    assert numbers(standby) == sorted([*rows, 3])
