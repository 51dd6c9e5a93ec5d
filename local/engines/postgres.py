"""PostgreSQL: the engine of an RDS instance and of the time-series database."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from local.engines.runtime.process import EngineFailed, Process
from local.toolchain import tools

SUPERUSER = "rdsadmin"
"""The provider's role, as on RDS; customers do not get its password."""

_CONFIGURATION = """\
listen_addresses = '{address}'
port = {port}
unix_socket_directories = ''
hba_file = '{folder}/pg_hba.conf'
cluster_name = '{name}'
shared_buffers = 64MB
max_connections = 200
wal_level = logical
max_wal_senders = 8
max_replication_slots = 8
wal_keep_size = 256MB
hot_standby = on
wal_log_hints = on
password_encryption = scram-sha-256
"""


@dataclass(frozen=True)
class Login:
    """A role that may create databases and roles, like the master user of RDS."""

    user: str
    password: str


class Postgres:
    """A server at `address`:`port`; its configuration files are outside of the data folder."""

    def __init__(self, folder: Path, address: str, port: int = 5432, settings: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.address = address
        self.port = port
        self.settings = settings or {}
        self.process = Process(folder, "postgres")

    def ensure(self, master: Login | None = None, database: str | None = None, seconds: float = 60.0) -> str:
        """Starts the server, waits until it is ready, and creates the role `master` and its `database` if given.

        A new data folder is initialised under another name and then renamed, so an interrupted creation starts anew.
        Returns "address:port".
        """
        if self.process.pid() is None:
            self._configure()
            self._initialize()
            self._remove_stale_lock()
        self.process.start(
            [*_unprivileged(), tools.path("postgres"), "-D", self._data, *self._options()],
            listens=[(self.address, self.port)],
        )
        self.process.wait_until(self.ready, seconds)
        if master is not None:
            self.ensure_role(master, database)
        return f"{self.address}:{self.port}"

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

    def query(self, text: LiteralString, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Rows of a query that is run as the provider's role."""
        with self._connect() as connection:
            return connection.execute(text, parameters).fetchall()

    def uri(self, login: Login, database: str) -> str:
        """Connection URI; user, password and database must not need percent-encoding."""
        return f"postgresql://{login.user}:{login.password}@{self.address}:{self.port}/{database}"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _password_file(self) -> Path:
        return self.folder / "superuser"

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host=self.address,
            port=self.port,
            user=SUPERUSER,
            password=self._password_file.read_text(),
            dbname="postgres",
            connect_timeout=2,
            autocommit=True,
        )

    def _options(self) -> list[str]:
        return ["-c", f"config_file={self.folder}/postgresql.conf"]

    def _configure(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        base = _CONFIGURATION.format(address=self.address, port=self.port, folder=self.folder, name=self.folder.name)
        quoted = {key: value.replace("'", "''") for key, value in self.settings.items()}
        extra = "".join(f"{key} = '{value}'\n" for key, value in sorted(quoted.items()))
        (self.folder / "postgresql.conf").write_text(base + extra)
        (self.folder / "pg_hba.conf").write_text(
            "host all all 127.0.0.0/8 scram-sha-256\nhost replication all 127.0.0.0/8 scram-sha-256\n"
        )

    def _initialize(self) -> None:
        if self._data.exists():
            return
        temporary = self.folder / "data.new"
        shutil.rmtree(temporary, ignore_errors=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        identity = ["-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={self._password_file}"]
        _run([tools.path("initdb"), "-D", temporary, *identity, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-k"])
        temporary.rename(self._data)

    def _remove_stale_lock(self) -> None:
        """Removes the lock file of a killed postmaster, and waits for the end of its children.

        When its parent has ended too, init may take seconds to reap the zombie; PostgreSQL's own check considers a
        zombie alive. The children end by themselves when they notice.
        """
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        deadline = time.monotonic() + 5
        while self._orphans() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _orphans(self) -> list[int]:
        """Living processes whose working directory is the data folder."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and (entry / "cwd").readlink() == self._data:
                    found.append(int(entry.name))
            except (FileNotFoundError, PermissionError, ProcessLookupError):
                continue  # has ended, is a zombie, or belongs to another user
        return found


def _unprivileged() -> list[str]:
    """PostgreSQL refuses uid 0. In this user namespace root has another uid; outside, the files belong to root."""
    if os.geteuid() != 0:
        return []
    nobody = pwd.getpwnam("nobody")  # initdb needs a user with a name
    return ["unshare", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}", "--"]


def _run(argv: list[str | Path]) -> None:
    command = [*_unprivileged(), *map(str, argv)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EngineFailed(f"{argv[0]} failed: {done.stderr[-800:]}")
