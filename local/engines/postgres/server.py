"""A PostgreSQL server: starts, stops, and is configured and queried as the provider's role."""

from __future__ import annotations

import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from local.engines.postgres import backup, cluster, control, starting
from local.engines.postgres.backup import Source
from local.engines.postgres.configuration import Tls, access, configuration
from local.engines.postgres.connections import connect, hand_over
from local.engines.postgres.origin import NO_LATER_COMMIT, PASSWORDS, Empty, Following, Origin, Standby, release
from local.engines.postgres.positions import Control
from local.engines.postgres.roles import SUPERUSER
from local.engines.postgres.starting import InvalidSettings
from local.engines.runtime.files import write
from local.engines.runtime.process import START_SECONDS, EngineFailed, Process
from local.toolchain import tools

_SILENT_SECONDS = 20
"""A standby asks a primary that says nothing for a sign of life, after half of its wal_receiver_timeout of 30 s."""


@dataclass(frozen=True)
class Login:
    """A role that may create databases and roles, like the master user of RDS."""

    user: str
    password: str


@dataclass(frozen=True)
class Replication:
    """What a server says about itself."""

    recovering: bool
    """Whether it is a standby; when it is none, it is neither streaming nor level."""
    streaming: bool
    """Whether it is connected to its primary."""
    level: bool
    """Whether it has replayed all that the primary said there is, and heard from it not long ago."""
    age: float
    """Seconds since the last transaction that it has replayed was committed; 0 when it has replayed none."""


class Postgres:
    """A server at `address`:`port`; its configuration files are outside of the data folder.

    Without `tls` it speaks plaintext only; without `origin` its data begins empty. With `archive_command`, finished
    segments of its WAL are kept until that command has succeeded for each. With `memory`, the bytes that its machine
    has, it does not start with settings that take more.
    """

    def __init__(
        self,
        folder: Path,
        address: str,
        port: int = 5432,
        settings: dict[str, str] | None = None,
        tls: Tls | None = None,
        origin: Origin | None = None,
        archive_command: str | None = None,
        memory: int | None = None,
    ) -> None:
        self.folder = folder
        self.address = address
        self.port = port
        self.settings = settings or {}
        self.tls = tls
        self.origin: Origin = origin or Empty()
        self.archive_command = archive_command
        self.memory = memory
        self.process = Process(folder, "postgres")
        self._log_before: int | None = None

    def ensure(self, master: Login | None = None, database: str | None = None, seconds: float = START_SECONDS) -> str:
        """Starts the server, waits until it is ready, and creates the role `master` and its `database` if given.

        The first start makes the data, as the origin says. Returns "address:port". Raises EngineFailed, and its
        subclass InvalidSettings when the settings are to blame.
        """
        try:
            self._start_and_replay(seconds)
        except InvalidSettings:
            self.stop()  # it runs when only its connections fail
            raise
        if master is not None:
            self.ensure_role(master, database)
        return f"{self.address}:{self.port}"

    def seed(self) -> None:
        """Makes the data, as the origin says, unless there are any."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.data.exists():
            self.origin.seed(self.data)

    def _start_and_replay(self, seconds: float) -> None:
        """Starts it; a second time when its WAL ends before the moment to restore."""
        try:
            self._start(seconds)
        except EngineFailed:
            if self._replay_all.exists() or NO_LATER_COMMIT not in self._last_words():
                raise
            self._replay_all.touch()
            self._start(seconds)

    def _start(self, seconds: float) -> None:
        self._log_before = None
        if self.process.pid() is None:
            self.seed()
            if isinstance(self.origin, Following | Standby):
                self.origin.hold(self.data)
            self._configure()
            cluster.remove_stale_lock(self.data)
            starting.check(self.data, self._options(), self.memory, seconds)
            self._log_before = self.process.log.stat().st_size if self.process.log.exists() else 0
        self.process.start(
            [*cluster.unprivileged(), tools.path("postgres"), "-D", self.data, *self._options()],
            listens=[(self.address, self.port)],
        )
        try:
            self.process.wait_until(self._started, seconds)
        except InvalidSettings:
            raise
        except EngineFailed as error:
            blamed = starting.blamed_by_start(self._last_words(), self._needs_huge_pages())
            if blamed is None:
                raise
            raise blamed from error

    def _started(self) -> bool:
        """Raises InvalidSettings."""
        if self.process.pid() is None:
            return False
        try:
            return bool(self.query("SELECT 1"))
        except psycopg.OperationalError as error:
            if blamed := starting.blamed_by_connection(str(error)):
                raise blamed from error
            return False

    def ready(self) -> bool:
        """Whether it answers a query."""
        if self.process.pid() is None:
            return False
        try:
            return bool(self.query("SELECT 1"))
        except psycopg.OperationalError:
            return False

    def configure(self) -> None:
        """Writes the configuration and reloads a running server; some settings take effect at the next restart."""
        self._configure()
        if self.process.pid() is not None:
            self.query("SELECT pg_reload_conf()")

    def stop(self) -> None:
        """Stops the server in fast mode; data is kept."""
        self.process.stop(grace=30, sig=signal.SIGINT)

    def delete(self) -> None:
        """Stops the server and deletes its data."""
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ensure_role(self, login: Login, database: str | None = None) -> None:
        """Creates the role or sets its password, and creates its database unless it exists."""
        role = sql.Identifier(login.user)
        with self._connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [login.user]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE").format(role))
                connection.execute(sql.SQL("GRANT pg_monitor, pg_signal_backend TO {}").format(role))
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(login.password)))
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
            if database is not None and not known:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), role))

    def hand_over(self, user: str) -> None:
        """Gives a role the databases that belong to RDS's master user; a second time changes nothing."""
        with self._connect() as connection:
            hand_over(connection, user)

    def query(self, text: LiteralString, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Rows of a query that is run as the provider's role."""
        with self._connect() as connection:
            return connection.execute(text, parameters).fetchall()

    def uri(self, login: Login, database: str) -> str:
        """Connection URI; user, password and database must not need percent-encoding."""
        return f"postgresql://{login.user}:{login.password}@{self.address}:{self.port}/{database}"

    @property
    def initialized(self) -> bool:
        """Whether it has data."""
        return self.data.exists()

    def source(self) -> Source:
        """How another server connects to this one, for a base backup or as its standby."""
        root, replication = self.tls.authority if self.tls else None, self.folder / "replication"
        if not replication.exists():
            write(replication, cluster.new_password().encode(), 0o600)
        return Source(self.address, self.port, self._password(), replication.read_text(), root)

    def back_up(self, folder: Path) -> None:
        """Takes a base backup of the running server into `folder`, from which `Restored` makes another one.

        One that is there is whole, and kept: whoever asked for it may have been killed before they knew.
        """
        if not (folder / "data").exists():
            backup.base_backup(self.source(), folder / "data")

    def in_recovery(self) -> bool:
        """Whether it is a standby, and therefore read-only."""
        return bool(self.query("SELECT pg_is_in_recovery()")[0][0])

    def promote(self, seconds: int = 60) -> None:
        """Makes a standby a primary; one that is a primary already stays one. Raises EngineFailed."""
        if self.in_recovery() and not self.query("SELECT pg_promote(true, %s)", [seconds])[0][0]:
            raise EngineFailed(f"the standby in {self.folder} is no primary after {seconds} s; it goes on as a standby")

    def checkpoint(self) -> None:
        """Lets the control file have what has been done, or replayed, so far."""
        with self._connect() as connection:
            connection.execute("CHECKPOINT")

    def control(self) -> Control:
        """What its control file says, whether it runs or not."""
        return control.read(self.data)

    def end_cleanly(self) -> None:
        """Lets data that no server runs on have all of their WAL, and a checkpoint at its end. Serves nobody."""
        cluster.remove_stale_lock(self.data)
        self._configure()
        control.end_cleanly(self.data, self._options())

    def replication(self) -> Replication:
        question = """
            SELECT pg_is_in_recovery(), coalesce(r.status = 'streaming', false),
                   coalesce(r.status = 'streaming'
                            AND pg_last_wal_replay_lsn() >= coalesce(r.latest_end_lsn, r.receive_start_lsn)
                            AND clock_timestamp() - r.last_msg_receipt_time < %s * interval '1 second', false),
                   coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0)::float
            FROM (SELECT 1) AS always LEFT JOIN pg_stat_wal_receiver AS r ON true
        """
        recovering, streaming, level, age = self.query(question, [_SILENT_SECONDS])[0]
        return Replication(recovering, streaming, level, max(0.0, age))

    def written(self) -> int:
        """How far its WAL is, as a number of bytes; that of a standby: how much it has received, and will replay."""
        question = """
            SELECT (CASE WHEN pg_is_in_recovery() THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                         ELSE pg_current_wal_lsn() END - '0/0')::bigint
        """
        return int(self.query(question)[0][0])

    def slots(self) -> list[str]:
        """Names of its physical replication slots."""
        return [row[0] for row in self.query("SELECT slot_name FROM pg_replication_slots WHERE slot_type = 'physical'")]

    def release(self, slot: str) -> None:
        """Drops a physical replication slot, whose standby has gone."""
        release(self.source(), slot)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def _replay_all(self) -> Path:
        """Exists when the WAL has no commit after the moment to restore: then all of it is to be replayed."""
        return self.folder / "replay-all"

    def _last_words(self) -> str:
        """What the server wrote that was started here and has ended; nothing of one that lives or was found running."""
        if self._log_before is None or self.process.pid() is not None:
            return ""
        size = self.process.log.stat().st_size if self.process.log.exists() else 0
        before = self._log_before if self._log_before <= size else 0  # the log was rotated at the start
        return self.process.tail(size - before) if size > before else ""

    def _needs_huge_pages(self) -> bool:
        return self.settings.get("huge_pages", "").lower() in ("on", "true", "yes", "1")

    def _password(self) -> str:
        return (self.folder / backup.PASSWORD_FILE).read_text()

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        to = make_conninfo(host=self.address, port=self.port, user=SUPERUSER, dbname="postgres", connect_timeout=2)
        return connect(to, self._password())

    def _options(self) -> list[str]:
        return ["-c", f"config_file={self.folder}/postgresql.conf"]

    def _configure(self) -> None:
        provider = self.origin.settings(self.folder)
        if not isinstance(self.origin, Standby):
            (self.folder / PASSWORDS).unlink(missing_ok=True)
        if self._replay_all.exists():
            provider.pop("recovery_target_time", None)
        provider["archive_command"] = self.archive_command or "true"
        text = configuration(self.folder, self.address, self.port, self.tls, self.settings, provider)
        # A server that reloads half a file serves no TLS any more, and can then not be asked to reload it.
        write(self.folder / "postgresql.conf", text.encode())
        write(self.folder / "pg_hba.conf", access(self.tls).encode())
