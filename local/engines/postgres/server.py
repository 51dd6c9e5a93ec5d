"""A PostgreSQL server: starts, stops, and is configured and queried as the provider's role."""

from __future__ import annotations

import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from local.engines.postgres import cluster
from local.engines.postgres.cluster import SUPERUSER
from local.engines.postgres.configuration import Tls, access, configuration
from local.engines.runtime.process import Process
from local.toolchain import tools


@dataclass(frozen=True)
class Login:
    """A role that may create databases and roles, like the master user of RDS."""

    user: str
    password: str


class Postgres:
    """A server at `address`:`port`; its configuration files are outside of the data folder.

    Without `tls` it speaks plaintext only.
    """

    def __init__(
        self,
        folder: Path,
        address: str,
        port: int = 5432,
        settings: dict[str, str] | None = None,
        tls: Tls | None = None,
    ) -> None:
        self.folder = folder
        self.address = address
        self.port = port
        self.settings = settings or {}
        self.tls = tls
        self.process = Process(folder, "postgres")

    def ensure(self, master: Login | None = None, database: str | None = None, seconds: float = 60.0) -> str:
        """Starts the server, waits until it is ready, and creates the role `master` and its `database` if given.

        Returns "address:port".
        """
        if self.process.pid() is None:
            self._configure()
            self._initialize()
            cluster.remove_stale_lock(self._data)
        self.process.start(
            [*cluster.unprivileged(), tools.path("postgres"), "-D", self._data, *self._options()],
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
        text = configuration(self.folder, self.address, self.port, self.tls, self.settings)
        (self.folder / "postgresql.conf").write_text(text)
        (self.folder / "pg_hba.conf").write_text(access(self.tls))

    def _initialize(self) -> None:
        if self._data.exists():
            return
        password = cluster.new_password()
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(password)
        cluster.initialize(self._data, password)
