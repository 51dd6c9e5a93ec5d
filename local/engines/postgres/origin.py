"""Where a server's data comes from when it starts for the first time."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from local.engines.postgres import backup, cluster
from local.engines.postgres.backup import Source
from local.engines.postgres.connections import connect
from local.engines.postgres.roles import REPLICATOR
from local.engines.runtime.files import write

NO_LATER_COMMIT = "recovery ended before configured recovery target was reached"
"""PostgreSQL's error when all of the WAL is older than the moment to which it shall be replayed."""
PASSWORDS = "replication.pgpass"
"""Beside the data of a standby: with what it logs in at its primary."""
_OF_SLOT = "FROM pg_replication_slots WHERE slot_name = %s"
_RECEIVER = {"wal_receiver_timeout": "30s", "wal_retrieve_retry_interval": "1s"}
"""A primary that is silent for that long counts as gone; one that is back is followed again at once."""


class Origin(Protocol):
    def seed(self, data: Path) -> None:
        """Makes the data folder and, beside it, the file with the password of the provider's role."""
        ...

    def settings(self, folder: Path) -> dict[str, str]:
        """Of the server in `folder`; PostgreSQL ignores those of a recovery once it is over."""
        ...


@dataclass(frozen=True)
class Empty:
    """A new cluster."""

    def seed(self, data: Path) -> None:
        password = cluster.new_password()
        backup.write_password(data.parent, password)
        cluster.initialize(data, password)

    def settings(self, folder: Path) -> dict[str, str]:
        return {}


@dataclass(frozen=True)
class Restored:
    """The base backup in `folder`, and if `restore_command` is given, what the WAL says happened after it.

    PostgreSQL fetches each segment with that command. Without `until` the whole WAL is replayed, else every
    transaction committed at that moment or before.
    """

    folder: Path
    restore_command: str | None = None
    until: datetime | None = None

    def seed(self, data: Path) -> None:
        unfinished = _copy_of(self.folder, data)
        (unfinished / backup.STANDBY).unlink(missing_ok=True)  # the backup of a standby has it
        if self.restore_command is not None:
            (unfinished / "recovery.signal").touch(mode=0o600)
        unfinished.rename(data)

    def settings(self, folder: Path) -> dict[str, str]:
        """Connections wait until the recovery is over (hot_standby off)."""
        if self.restore_command is None:
            return {}
        replay = {"restore_command": self.restore_command}
        if self.until is not None:
            replay["recovery_target_time"] = self.until.astimezone(UTC).isoformat(sep=" ", timespec="microseconds")
        return replay | {"recovery_target_action": "promote", "hot_standby": "off"}


@dataclass(frozen=True)
class Following:
    """The base backup in `folder`, and all that the archive of its server gets from then on, until it is promoted.

    PostgreSQL fetches each segment with `restore_command`, and follows that server to a new timeline. Unless it is
    `promoting`, its server starts as a standby whatever its data say.
    """

    folder: Path
    restore_command: str
    promoting: bool = False

    def seed(self, data: Path) -> None:
        unfinished = _copy_of(self.folder, data)
        (unfinished / backup.STANDBY).touch(mode=0o600)  # before the rename: without it the copy would take writes
        unfinished.rename(data)

    def hold(self, data: Path) -> None:
        """Before each start: a server whose data are those of a primary would take writes."""
        if not self.promoting:
            (data / backup.STANDBY).touch(mode=0o600)

    def settings(self, folder: Path) -> dict[str, str]:
        return {
            "restore_command": self.restore_command,
            "recovery_target_timeline": "latest",
            "wal_retrieve_retry_interval": "1s",
            "archive_mode": "always",
        }


@dataclass(frozen=True)
class Standby:
    """A copy of `primary` that follows it (physical streaming replication) until it is promoted.

    `slot` is the replication slot on the primary that keeps the WAL that this standby has not received. Unless it is
    `promoting`, its server starts as a standby whatever its data say.
    """

    primary: Source
    slot: str
    promoting: bool = False

    def seed(self, data: Path) -> None:
        with _connect(self.primary) as connection:
            _make_replicator(connection, self.primary.replication)
            known = connection.execute(f"SELECT 1 {_OF_SLOT}", [self.slot]).fetchone()
            if not known:
                connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [self.slot])
        backup.standby_backup(self.primary, data, self.slot)

    def hold(self, data: Path) -> None:
        """Before each start: a server whose data are those of a primary would take writes."""
        if not self.promoting:
            (data / backup.STANDBY).touch(mode=0o600)

    def settings(self, folder: Path) -> dict[str, str]:
        """The password is in a file: customers may read the settings of a server."""
        passwords = folder / PASSWORDS
        write(passwords, f"*:*:*:{REPLICATOR}:{self.primary.replication}\n".encode(), 0o600)
        to = self.primary.conninfo(REPLICATOR)
        conninfo = make_conninfo(to, passfile=str(passwords), application_name=self.slot)
        return {"primary_conninfo": conninfo, "primary_slot_name": self.slot, "archive_mode": "always", **_RECEIVER}

    def slot_status(self) -> str | None:
        """Whether the primary has the WAL that this standby needs, as `wal_status` of pg_replication_slots.

        None when it has no such slot, or does not answer.
        """
        try:
            with _connect(self.primary) as connection:
                row = connection.execute(f"SELECT wal_status {_OF_SLOT}", [self.slot]).fetchone()
        except psycopg.OperationalError:
            return None
        return str(row[0]) if row else None


def _copy_of(base: Path, data: Path) -> Path:
    """A copy of the base backup in `base`, which is not `data` yet."""
    unfinished = data.with_name(f"{data.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(base / "data", unfinished, symlinks=True)
    unfinished.chmod(0o700)
    backup.write_password(data.parent, (base / backup.PASSWORD_FILE).read_text())
    return unfinished


def release(primary: Source, slot: str) -> None:
    """Drops a slot, which would keep WAL for ever after its standby has gone. Raises psycopg.OperationalError."""
    with _connect(primary) as connection:
        connection.execute(f"SELECT pg_terminate_backend(active_pid, 5000) {_OF_SLOT}", [slot])
        connection.execute(f"SELECT pg_drop_replication_slot(slot_name) {_OF_SLOT}", [slot])


def _make_replicator(connection: psycopg.Connection[tuple[object, ...]], password: str) -> None:
    role, secret = sql.Identifier(REPLICATOR), sql.Literal(password)
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [REPLICATOR]).fetchone():
        connection.execute(sql.SQL("CREATE ROLE {}").format(role))
    connection.execute(sql.SQL("ALTER ROLE {} LOGIN REPLICATION PASSWORD {}").format(role, secret))


def _connect(source: Source) -> psycopg.Connection[tuple[object, ...]]:
    return connect(source.conninfo(), source.password)
