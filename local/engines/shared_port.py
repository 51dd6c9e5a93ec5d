"""One port for connections with and without TLS, which most servers do not offer: HAProxy tells them apart.

A connection that begins with a TLS handshake goes to the server's TLS port, any other to its plain one. Nothing is
decrypted on the way.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from local.engines.runtime.files import write
from local.engines.runtime.process import Process
from local.toolchain import tools

_SECONDS = 20.0
_CONFIGURATION = """\
global
    maxconn 4000
defaults
    mode tcp
    timeout connect 5s
    timeout client 24d
    timeout server 24d
frontend shared
{binds}
    # A client that is silent is kept waiting: what it speaks is known by its first byte.
    tcp-request inspect-delay 24d
    tcp-request content accept if {{ req.len gt 0 }}
    use_backend encrypted if {{ req.ssl_hello_type 1 }}
    default_backend plain
backend encrypted
    server server {host}:{encrypted}
backend plain
    server server {host}:{plain}
"""


@dataclass(frozen=True)
class SharedPort:
    """`port` of `addresses` for a server at `host` with the ports `encrypted` and `plain`."""

    folder: Path
    addresses: tuple[str, ...]
    port: int
    host: str
    encrypted: int
    plain: int

    @property
    def process(self) -> Process:
        return Process(self.folder, "shared-port")

    def ensure(self) -> None:
        """Listens, at these addresses only; a change of them ends the connections. Raises EngineFailed."""
        file, wanted = self.folder / "shared-port.cfg", self._configuration()
        if not file.exists() or file.read_bytes() != wanted:
            self.process.stop()
            write(file, wanted, 0o600)
        self.process.start(
            [tools.path("haproxy"), "-db", "-f", file], listens=[(address, self.port) for address in self.addresses]
        )
        self.process.wait_until(self._listens, _SECONDS)

    def _listens(self) -> bool:
        """At the last address: HAProxy binds them in their order before it serves any."""
        try:
            with socket.create_connection((self.addresses[-1], self.port), timeout=1):
                return True
        except OSError:
            return False

    def _configuration(self) -> bytes:
        binds = "\n".join(f"    bind {address}:{self.port}" for address in self.addresses)
        text = _CONFIGURATION.format(binds=binds, host=self.host, encrypted=self.encrypted, plain=self.plain)
        return text.encode()
