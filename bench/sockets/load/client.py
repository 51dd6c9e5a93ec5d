"""One wearable's connection in a load generator: as little as the protocol allows (RFC 6455).

A client must mask what it sends; a mask of zeros leaves the payload as it is, so a frame is made once for all who send
it.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct

from contracts.platform import STREAM_HOST

MOST_READ = 16384
_SHORT = Struct(">BB4x")
_LONG = Struct(">BBH4x")
TEXT, CLOSE = 0x1, 0x8


class Gone(ConnectionError):
    """The other side closed or broke the connection, or never let us in."""


def masked(payload: bytes) -> bytes:
    """A text message of a client."""
    if len(payload) < 126:
        return _SHORT.pack(0x81, 0x80 | len(payload)) + payload
    return _LONG.pack(0x81, 0xFE, len(payload)) + payload


def unmasked(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Opcode and payload of the whole frames in `data`, which a server sent, and what is left over."""
    found: list[tuple[int, bytes]] = []
    at, end = 0, len(data)
    while end - at >= 2:
        length, start = data[at + 1], at + 2
        if length == 126:
            length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
        elif length == 127:
            length, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
        if start + length > end:
            break
        found.append((data[at] & 15, data[start : start + length]))
        at = start + length
    return found, data[at:]


@dataclass(slots=True)
class Link:
    """A person and their socket, which is None while there is none. `unacked`: message and moment by number."""

    number: int
    token: str
    unacked: dict[int, tuple[bytes, float]] = field(default_factory=dict)
    sock: socket.socket | None = None
    fd: int = -1
    open: bool = False
    rest: bytes = b""
    unsent: bytes = b""
    tls: ssl.SSLContext | None = None
    """What is to be spoken once the connection stands."""
    starved: bool = False
    """Whether TLS must read before it can go on writing."""
    pause: float = 0.0
    since: float = 0.0

    def dial(self, source: str, to: tuple[str, int], tls: ssl.SSLContext | None) -> None:
        """Begins to connect; goes on when the socket is writable."""
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The port is then chosen with the destination in view: one source has as many as each destination needs.
        sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        sock.bind((source, 0))
        sock.connect_ex(to)
        self.sock, self.fd, self.tls, self.open, self.rest = sock, sock.fileno(), tls, False, b""
        self.unsent = (
            f"GET /v1/stream HTTP/1.1\r\nHost: {STREAM_HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Authorization: Bearer {self.token}\r\n\r\n"
        ).encode()

    def hang_up(self) -> None:
        if self.sock is not None:
            self.sock.close()
        self.sock, self.fd, self.open, self.rest, self.unsent = None, -1, False, b"", b""

    def write(self, data: bytes) -> bool:
        """Whether all was written; the rest waits until the socket is writable. Raises ConnectionError."""
        if self.unsent:
            self.unsent += data
            return False
        written = self._write(data)
        if written < len(data):
            self.unsent = data[written:]
            return False
        return True

    def flush(self) -> bool:
        """Goes on writing; whether nothing is left. Raises ConnectionError."""
        if self.tls is not None and self.sock is not None:
            self.sock = self.tls.wrap_socket(self.sock, do_handshake_on_connect=False, server_hostname=STREAM_HOST)
            self.tls = None
        data, self.unsent = self.unsent, b""
        return not data or self.write(data)

    def read(self) -> bytes:
        """What has come, perhaps nothing; raises ConnectionError at the end."""
        try:
            data = os.read(self.fd, MOST_READ) if type(self.sock) is socket.socket else self._tls().recv(MOST_READ)
        except (BlockingIOError, ssl.SSLWantReadError):
            return b""
        if not data:
            raise Gone("closed by the server")
        return data

    def greeted(self, data: bytes) -> bytes | None:
        """What follows the answer to the handshake, or None while it is not whole; raises Gone if it is a refusal."""
        head, end, after = (self.rest + data).partition(b"\r\n\r\n")
        if not end:
            self.rest += data
            return None
        status = head.partition(b"\r\n")[0].decode(errors="replace")
        if not status.startswith("HTTP/1.1 101 "):
            raise Gone(f"refused: {status}")
        self.rest, self.open = b"", True
        return after

    def messages(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Opcode and payload of what is whole now."""
        found, self.rest = unmasked(self.rest + data)
        yield from found

    def _write(self, data: bytes) -> int:
        self.starved = False
        try:
            return os.write(self.fd, data) if type(self.sock) is socket.socket else self._tls().send(data)
        except (BlockingIOError, ssl.SSLWantWriteError):
            return 0
        except ssl.SSLWantReadError:
            self.starved = True
            return 0

    def _tls(self) -> ssl.SSLSocket:
        if not isinstance(self.sock, ssl.SSLSocket):
            raise Gone("no connection")
        return self.sock


_BIND_ADDRESS_NO_PORT = 24
"""IP_BIND_ADDRESS_NO_PORT of ip(7), which Python does not name."""
