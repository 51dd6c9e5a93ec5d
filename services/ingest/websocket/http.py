"""uvicorn's HTTP protocol, bounded: what connects becomes a WebSocket soon, or asks something short and goes.

uvicorn itself waits for a request as long as it takes and keeps headers however many there are: connections that never
become sockets would take the descriptors and the memory of those that are, before anybody looked at a token.
"""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.ingest import metrics
from services.ingest.websocket.handshake import Protocol

CONNECTION_SECONDS = 20.0
"""When all wearables come back at once, it takes seconds from accepting a connection to reading its request."""
CONNECTION_BYTES = 64 << 10
"""All that is read of a connection: a handshake with its token takes 2 KiB, the requests of probes less."""
CAUSE_CHARACTERS = 200
"""Of what can't be read, that much is repeated to who sent it."""


class Http(HttpToolsProtocol):
    """Ends with the upgrade to a WebSocket, or after `CONNECTION_SECONDS`.

    A response that is under way then may take as long again. One request at a time: no proxy sends us a second one
    before the first is answered, and thousands would fit into CONNECTION_BYTES.
    """

    _deadline: asyncio.TimerHandle | None = None
    _read = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().connection_made(transport)
        self._deadline = self.loop.call_later(CONNECTION_SECONDS, self._overdue)

    def data_received(self, data: bytes) -> None:
        self._read += len(data)
        if self._read > CONNECTION_BYTES:
            metrics.refused.labels("400").inc()
            self.send_400_response(f"More than {CONNECTION_BYTES} bytes in one connection.")
        else:
            super().data_received(data)
            if self.pipeline:
                metrics.refused.labels("400").inc()
                self.transport.abort()

    def handle_websocket_upgrade(self) -> None:
        self._settle()
        super().handle_websocket_upgrade()
        protocol = cast(Protocol, self.transport.get_protocol())
        if not protocol.handshake_initiated and not self.transport.is_closing():
            self._refuse(protocol)
        self.parser = None  # pyright: ignore[reportAttributeAccessIssue]  they refer to each other: see Protocol

    def _refuse(self, protocol: Protocol) -> None:
        """Answers a request that websockets could not read: as it would itself, where it knows an answer."""
        if answer := b"".join(protocol.conn.data_to_send()):
            self.transport.write(answer)
            self.transport.close()
        else:
            unfit = protocol.conn.handshake_exc
            cause = str((unfit.__cause__ or unfit) if unfit else "it ends early")[:CAUSE_CHARACTERS]
            self.send_400_response(f"The handshake can't be read: {cause.encode('ascii', 'replace').decode()}.")

    def connection_lost(self, exc: Exception | None) -> None:
        self._settle()
        super().connection_lost(exc)

    def _overdue(self) -> None:
        if self.cycle is None:
            metrics.refused.labels("408").inc()
        self._deadline = self.loop.call_later(CONNECTION_SECONDS, self.transport.abort)
        self.shutdown()

    def _settle(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
