"""One wearable's WebSocket client in a load generator, with minimal work per frame (RFC 6455).

Client frames must be masked; a mask of zeros leaves the payload unchanged, so a frame is encoded once for all clients.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct

from contracts.platform import STREAM_HOST

READ_BYTES = 16384
_SHORT = Struct(">BB4x")
_LONG = Struct(">BBH4x")
TEXT, CLOSE = 0x1, 0x8


class Disconnected(ConnectionError):
    """The server closed or refused the connection, or it broke."""


def encode_text(payload: bytes) -> bytes:
    """A client's text message as a frame."""
    if len(payload) < 126:
        return _SHORT.pack(0x81, 0x80 | len(payload)) + payload
    return _LONG.pack(0x81, 0xFE, len(payload)) + payload


def decode_frames(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Opcode and payload of the complete server frames in `data`, and the remaining bytes."""
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
class Client:
    """A user's client; `sock` is None while disconnected. `unacked`: message and time sent, by seq."""

    number: int
    token: str
    unacked: dict[int, tuple[bytes, float]] = field(default_factory=dict)
    sock: socket.socket | None = None
    fd: int = -1
    open: bool = False
    received: bytes = b""
    unsent: bytes = b""
    tls: ssl.SSLContext | None = None
    """Started once the TCP connection is established."""
    wants_read: bool = False
    """Whether TLS must read before it can write."""
    backoff: float = 0.0
    connecting_since: float = 0.0

    def connect(self, source: str, to: tuple[str, int], tls: ssl.SSLContext | None) -> None:
        """Starts to connect; continue with `flush` when the socket is writable."""
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The port is then chosen per destination: each destination has the whole range of ports.
        sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        sock.bind((source, 0))
        sock.connect_ex(to)
        self.sock, self.fd, self.tls, self.open, self.received = sock, sock.fileno(), tls, False, b""
        self.unsent = (
            f"GET /v1/stream HTTP/1.1\r\nHost: {STREAM_HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Authorization: Bearer {self.token}\r\n\r\n"
        ).encode()

    def close(self) -> None:
        if self.sock is not None:
            self.sock.close()
        self.sock, self.fd, self.open, self.received, self.unsent = None, -1, False, b"", b""

    def write(self, data: bytes) -> bool:
        """Returns whether all was written; the rest waits until the socket is writable. Raises ConnectionError."""
        if self.unsent:
            self.unsent += data
            return False
        written = self._write(data)
        if written < len(data):
            self.unsent = data[written:]
            return False
        return True

    def flush(self) -> bool:
        """Writes buffered bytes; returns whether none are left. Raises ConnectionError."""
        if self.tls is not None and self.sock is not None:
            self.sock = self.tls.wrap_socket(self.sock, do_handshake_on_connect=False, server_hostname=STREAM_HOST)
            self.tls = None
        data, self.unsent = self.unsent, b""
        return not data or self.write(data)

    def read(self) -> bytes:
        """The received bytes, maybe none; raises ConnectionError at the end of the stream."""
        try:
            data = os.read(self.fd, READ_BYTES) if type(self.sock) is socket.socket else self._tls().recv(READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return b""
        if not data:
            raise Disconnected("closed by the server")
        return data

    def read_handshake(self, data: bytes) -> bytes | None:
        """The bytes after the handshake response, None while it is incomplete; raises Disconnected if it is refused."""
        head, end, after = (self.received + data).partition(b"\r\n\r\n")
        if not end:
            self.received += data
            return None
        status = head.partition(b"\r\n")[0].decode(errors="replace")
        if not status.startswith("HTTP/1.1 101 "):
            raise Disconnected(f"refused: {status}")
        self.received, self.open = b"", True
        return after

    def messages(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Opcode and payload of the frames that `data` completes."""
        found, self.received = decode_frames(self.received + data)
        yield from found

    def _write(self, data: bytes) -> int:
        self.wants_read = False
        try:
            return os.write(self.fd, data) if type(self.sock) is socket.socket else self._tls().send(data)
        except (BlockingIOError, ssl.SSLWantWriteError):
            return 0
        except ssl.SSLWantReadError:
            self.wants_read = True
            return 0

    def _tls(self) -> ssl.SSLSocket:
        if not isinstance(self.sock, ssl.SSLSocket):
            raise Disconnected("no connection")
        return self.sock


_BIND_ADDRESS_NO_PORT = 24
"""IP_BIND_ADDRESS_NO_PORT of ip(7), which the socket module lacks."""
