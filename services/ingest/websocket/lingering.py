"""Ends a connection so that what was written last reaches a client that still sends.

Closing a socket with unread data makes the kernel send RST, and the client's kernel then discards what the client has
not read yet: the close frame or the response that says why. So only the sending side is closed at first, and what
arrives is read and discarded until the client closes too (RFC 9112, section 9.6). Where a close frame was written, even
that waits until the client has stopped sending: proxies close both sides of a connection when one of the server's is
closed.
"""

from __future__ import annotations

import asyncio
from typing import Any

LINGER_SECONDS = 10.0
"""Longest time that a client has to notice that it is not listened to any more, on a slow uplink too."""
LINGER_BYTES = 16 << 20
"""Most bytes that are discarded: what kernels, proxies and a client's own queue hold fits, a flood does not."""
SILENCE_SECONDS = 0.5
"""Of a client after a close frame: far above a round trip, so it has read the frame, or will send no more."""


class Lingering(asyncio.Protocol):
    """Discards what arrives; `protocol` learns when the connection is lost, as if it had closed it itself."""

    def __init__(
        self, transport: asyncio.Transport, protocol: asyncio.BaseProtocol, seconds: float, silence: float
    ) -> None:
        self.protocol: asyncio.BaseProtocol | None = protocol
        self._transport = transport
        self._bytes = 0
        self._loop = asyncio.get_running_loop()
        self._silence_seconds = silence
        self._heard = self._loop.time()
        self._end = self._loop.call_later(seconds, transport.abort)
        self._silence = self._loop.call_later(silence, self._after_silence)

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        self._bytes += len(data)
        if self._bytes > LINGER_BYTES:
            self._transport.abort()

    def _after_silence(self) -> None:
        if (since := self._heard + self._silence_seconds) > self._loop.time():
            self._silence = self._loop.call_at(since, self._after_silence)
        elif not self._transport.is_closing():
            self._transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end.cancel()
        self._silence.cancel()
        protocol, self.protocol = self.protocol, None  # no reference cycle stays: services.ingest.gc_tuning
        if protocol is not None:
            protocol.connection_lost(exc)


def linger(transport: asyncio.Transport, seconds: float = LINGER_SECONDS, silence: float = 0.0) -> Lingering:
    """Closes `transport`, which is open, after what was written is sent and the client has closed its side.

    The sending side is closed after `silence` of the client.
    """
    lingering = Lingering(transport, transport.get_protocol(), seconds, silence)
    transport.set_protocol(lingering)
    transport.resume_reading()
    return lingering


class LingeringTransport:
    """A transport whose `close` lingers, for uvicorn's protocols: they close right after a refusal is written.

    `plain` is the transport itself.
    """

    def __init__(self, plain: asyncio.Transport) -> None:
        self.plain = plain
        self._lingering: Lingering | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)

    def is_closing(self) -> bool:
        return self._lingering is not None or self.plain.is_closing()

    def write(self, data: bytes) -> None:
        if not self.is_closing():
            self.plain.write(data)

    def close(self) -> None:
        if not self.is_closing():
            self._lingering = linger(self.plain)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return (self._lingering and self._lingering.protocol) or self.plain.get_protocol()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """While it lingers, the protocol that learns of the end."""
        if self._lingering is None:
            self.plain.set_protocol(protocol)
        else:
            self._lingering.protocol = protocol
