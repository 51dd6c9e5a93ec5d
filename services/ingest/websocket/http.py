"""uvicorn's HTTP protocol with limits on time and bytes until a connection becomes a WebSocket.

uvicorn itself waits for a request without a timeout and keeps any number of headers: connections that never become
WebSockets would use up descriptors and memory before any token is verified.
"""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.ingest import metrics
from services.ingest.websocket.handshake import HandshakeProtocol
from services.ingest.websocket.lingering import LingeringTransport

REQUEST_TIMEOUT_SECONDS = 20.0
"""When all wearables reconnect at once, seconds pass between accepting a connection and reading its request."""
MAX_REQUEST_BYTES = 64 << 10
"""Bytes read from one connection: a handshake with its token takes 2 KiB, a probe's requests less."""
MAX_CAUSE_CHARACTERS = 200
"""Longest part of an error that is returned to the client."""


class HttpProtocol(HttpToolsProtocol):
    """Ends with the upgrade to a WebSocket, or after `REQUEST_TIMEOUT_SECONDS`.

    A response in progress then gets the same time again. Pipelining is refused: no proxy in front uses it, and
    thousands of requests would fit into MAX_REQUEST_BYTES. A refusal reaches a client that still sends (lingering.py).
    """

    _timeout: asyncio.TimerHandle | None = None
    _bytes_read = 0
    _last_bytes = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(cast(asyncio.Transport, LingeringTransport(transport)))
        self._timeout = self.loop.call_later(REQUEST_TIMEOUT_SECONDS, self._on_timeout)

    def data_received(self, data: bytes) -> None:
        self._bytes_read += len(data)
        self._last_bytes = (self._last_bytes + data[-4:])[-4:]
        if self._bytes_read > MAX_REQUEST_BYTES:
            metrics.refused.labels("400").inc()
            self.send_400_response(f"More than {MAX_REQUEST_BYTES} bytes in one connection.")
        else:
            super().data_received(data)
            if self.pipeline:
                metrics.refused.labels("400").inc()
                self.send_400_response("Send a request only after the response to the one before.")

    def handle_websocket_upgrade(self) -> None:
        self._cancel_timeout()
        super().handle_websocket_upgrade()
        protocol = cast(HandshakeProtocol, self.transport.get_protocol())
        if not protocol.handshake_initiated and not self.transport.is_closing():
            self._reject(protocol)
        elif not self._last_bytes.endswith((b"\n\r\n", b"\n\n")):  # there is more behind the header
            protocol.refuse_early_data()
        self.parser = None  # pyright: ignore[reportAttributeAccessIssue]  a reference cycle: see HandshakeProtocol

    def _reject(self, protocol: HandshakeProtocol) -> None:
        """Answers a handshake that websockets could not parse: with its response, if it made one."""
        if answer := b"".join(protocol.conn.data_to_send()):
            self.transport.write(answer)
            self.transport.close()
        else:
            error = protocol.conn.handshake_exc
            cause = str((error.__cause__ or error) if error else "unexpected end")[:MAX_CAUSE_CHARACTERS]
            self.send_400_response(f"Invalid handshake: {cause.encode('ascii', 'replace').decode()}.")

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timeout()
        super().connection_lost(exc)

    def _on_timeout(self) -> None:
        if self.cycle is None:
            metrics.refused.labels("408").inc()
        self._timeout = self.loop.call_later(REQUEST_TIMEOUT_SECONDS, self.transport.abort)
        self.shutdown()

    def _cancel_timeout(self) -> None:
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None
