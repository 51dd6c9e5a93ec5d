"""PostgreSQL servers of a test file, each at a port of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from local.engines.certificates import Authority
from local.engines.postgres import Login, Origin, Postgres, Tls, archive_command
from tests.fixtures.engines import ScratchEnvironment

MASTER = Login("tester", "a-long-password")
_ports = itertools.count(5500)


@dataclass
class Servers:
    """Makes servers that serve TLS only, each at a port of its own."""

    folder: Path
    address: str
    made: list[Postgres] = field(default_factory=list)

    def make(self, name: str, archive: Path | None = None, origin: Origin | None = None) -> Postgres:
        authority = Authority(self.folder / "authority", "tests").ensure()
        pair = authority.pair("server", self.address, hosts=(self.address,))
        tls = Tls(pair.certificate, pair.key, authority.certificate, required=True)
        folder, command = self.folder / name, archive_command(archive) if archive else None
        server = Postgres(folder, self.address, next(_ports), {"fsync": "off"}, tls, origin, command)
        self.made.append(server)
        return server


@pytest.fixture(scope="module")
def servers(scratch: ScratchEnvironment) -> Iterator[Servers]:
    servers = Servers(scratch.folder / f"postgres-{next(_ports)}", scratch.addresses[1])
    yield servers
    for server in servers.made:
        server.process.kill()


@pytest.fixture(scope="module")
def primary(servers: Servers) -> Postgres:
    """Has the table `t (n)`, and an archive in <folder>/archive."""
    server = servers.make("primary", servers.folder / "archive")
    server.ensure(MASTER, "d")
    with connect(server) as connection:
        connection.execute("CREATE TABLE t (n int)")
    return server


def connect(server: Postgres) -> psycopg.Connection:
    return psycopg.connect(server.uri(MASTER, "d"), autocommit=True)


def numbers(server: Postgres, table: str = "t") -> list[int]:
    with connect(server) as connection:
        return [row[0] for row in connection.execute(f"SELECT n FROM {table} ORDER BY n")]  # pyright: ignore
