"""Where a server's data comes from when it starts for the first time."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg.conninfo import make_conninfo

from local.engines.postgres import backup, cluster
from local.engines.postgres.backup import Source

NO_LATER_COMMIT = "recovery ended before configured recovery target was reached"
"""PostgreSQL's error when all of the WAL is older than the moment to which it shall be replayed."""


class Origin(Protocol):
    def seed(self, data: Path) -> None:
        """Makes the data folder and, beside it, the file with the password of the provider's role."""
        ...

    def settings(self) -> dict[str, str]:
        """Of the server; PostgreSQL ignores those of a recovery once it is over."""
        ...


@dataclass(frozen=True)
class Empty:
    """A new cluster."""

    def seed(self, data: Path) -> None:
        password = cluster.new_password()
        backup.write_password(data.parent, password)
        cluster.initialize(data, password)

    def settings(self) -> dict[str, str]:
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
        unfinished = data.with_name(f"{data.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(self.folder / "data", unfinished, symlinks=True)
        unfinished.chmod(0o700)
        (unfinished / "standby.signal").unlink(missing_ok=True)  # the backup of a standby has it
        backup.write_password(data.parent, (self.folder / backup.PASSWORD_FILE).read_text())
        if self.restore_command is not None:
            (unfinished / "recovery.signal").touch(mode=0o600)
        unfinished.rename(data)

    def settings(self) -> dict[str, str]:
        """Connections wait until the recovery is over (hot_standby off)."""
        if self.restore_command is None:
            return {}
        replay = {"restore_command": self.restore_command}
        if self.until is not None:
            replay["recovery_target_time"] = self.until.astimezone(UTC).isoformat(sep=" ", timespec="microseconds")
        return replay | {"recovery_target_action": "promote", "hot_standby": "off"}


@dataclass(frozen=True)
class Standby:
    """A copy of `primary` that follows it (physical streaming replication) until it is promoted.

    `slot` is the replication slot on the primary that keeps the WAL that this standby has not received.
    """

    primary: Source
    slot: str

    def seed(self, data: Path) -> None:
        with _connect(self.primary) as connection:
            question = "SELECT 1 FROM pg_replication_slots WHERE slot_name = %s"
            if not connection.execute(question, [self.slot]).fetchone():
                connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [self.slot])
        backup.base_backup(self.primary, data, self.slot)
        (data / "standby.signal").touch(mode=0o600)

    def settings(self) -> dict[str, str]:
        password = self.primary.password
        conninfo = make_conninfo(self.primary.conninfo(), password=password, application_name=self.slot)
        return {"primary_conninfo": conninfo, "primary_slot_name": self.slot}

    def release(self) -> None:
        """Drops the slot, which would keep WAL for ever after the standby has gone. The primary may have gone too."""
        try:
            with _connect(self.primary) as connection:
                of_slot = "FROM pg_replication_slots WHERE slot_name = %s"
                connection.execute(f"SELECT pg_terminate_backend(active_pid, 5000) {of_slot}", [self.slot])
                connection.execute(f"SELECT pg_drop_replication_slot(slot_name) {of_slot}", [self.slot])
        except psycopg.OperationalError:
            return


def _connect(source: Source) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(source.conninfo(), password=source.password, autocommit=True)
