"""uvicorn's HTTP protocol with limits on time and bytes until a connection becomes a WebSocket.

uvicorn itself waits for a request without a timeout and keeps any number of headers: connections that never become
WebSockets would use up descriptors and memory before any token is verified.
"""

from __future__ import annotations

import asyncio
from typing import cast
from urllib.parse import unquote

from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.ingest import metrics
from services.ingest.websocket import opening
from services.ingest.websocket.handshake import Handshake, refusal
from services.ingest.websocket.lingering import LingeringTransport
from services.ingest.websocket.opening import InvalidOpening

REQUEST_TIMEOUT_SECONDS = 20.0
"""When all wearables reconnect at once, seconds pass between accepting a connection and reading its request."""
MAX_REQUEST_BYTES = 64 << 10
"""Bytes read from one connection: a handshake with its token takes 2 KiB, a probe's requests less."""


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

    def _should_upgrade_to_ws(self) -> bool:
        """Whatever protocol class uvicorn is configured with: it is not used."""
        return True

    def handle_websocket_upgrade(self) -> None:
        self._cancel_timeout()
        self.connections.discard(self)
        self.parser = None  # pyright: ignore[reportAttributeAccessIssue]  a reference cycle, and collections are rare
        transport = cast(LingeringTransport, self.transport)
        headers = self.headers
        try:
            accept = opening.accept(self.scope["method"], self.scope["http_version"], self.url, headers)
        except InvalidOpening as error:
            metrics.refused.labels(str(error.status)).inc()
            transport.write(refusal(error, self.server_state.default_headers))
            transport.close()
            return
        handshake = Handshake(self.server_state, transport, accept)
        transport.set_protocol(handshake)
        if not self._last_bytes.endswith((b"\n\r\n", b"\n\n")):  # there is more behind the header
            handshake.refuse_early_data()
        raw_path, _, query = self.url.partition(b"?")
        of_websocket = {
            "type": "websocket",
            "scheme": "wss" if self.scheme == "https" else "ws",
            "path": unquote(raw_path.decode()),
            "raw_path": raw_path,
            "query_string": query,
            "subprotocols": opening.subprotocols(headers),
        }
        handshake.start(cast(ASGIApp, self.app), {**self.scope, **of_websocket})

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
