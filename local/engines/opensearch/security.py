"""TLS and the master user of a node: the files that the class DomainSecurity of the toolchain reads."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path

from local.engines.certificates import Authority
from local.engines.runtime.files import write

PLUGIN = "DomainSecurity"


@dataclass(frozen=True)
class Login:
    user: str
    password: str = field(repr=False)

    @property
    def header(self) -> str:
        """Value of the header Authorization (RFC 7617)."""
        return f"Basic {base64.b64encode(f'{self.user}:{self.password}'.encode()).decode()}"


@dataclass(frozen=True)
class Security:
    """`authority` certifies the node; a client is admitted by `login`, another node by a certificate of it."""

    authority: Authority
    login: Login

    def prepare(self, folder: Path, address: str) -> None:
        """Writes what a node at `address` reads. A running one admits a new login from the next request on."""
        folder.mkdir(parents=True, exist_ok=True)
        pair = self.authority.pair(f"opensearch-{address}", address, hosts=(address,))
        write(folder / "certificate.pem", pair.certificate.read_bytes())
        write(folder / "key.pem", pair.key.read_bytes(), 0o600)
        write(folder / "authority.pem", self.authority.certificate.read_bytes())
        write(folder / "authorization", self.login.header.encode(), 0o600)
