"""uvicorn's WebSocket protocol for the handshake only; afterwards its transport is detached.

The application finds `DETACH` among the scope's extensions: a function that, called after `websocket.accept`, returns
the transport and the server's connections for the protocol that takes over. The state of the handshake is freed then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode
from websockets.http11 import Request

from services.ingest import metrics
from services.ingest.websocket.framing import encode_close
from services.ingest.websocket.lingering import LingeringTransport

DETACH = "aura.detach"
DetachedTransport = tuple[asyncio.Transport, set[asyncio.Protocol]]
Detach = Callable[[], DetachedTransport | None]


class HandshakeProtocol(WebSocketsSansIOProtocol):
    """Ends with the handshake, or with a refused connection.

    Parser and connection form a reference cycle, and `gc_tuning.py` makes collections rare: after twelve thousand
    wearables had reconnected five times, a process held 13 KiB a connection of closed connections. So the cycle is
    broken explicitly.
    """

    _detached = False
    _sent_early = False
    _extensions: dict[str, Any] | None = None
    """Those of the scope; a request that is not a handshake has no scope."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[str, Any] = cast(dict[str, Any], self.scope)["extensions"]
            extensions[DETACH] = self.detach
            self._extensions = extensions

    def data_received(self, data: bytes) -> None:
        if self.handshake_initiated:  # the client must wait for our response (RFC 6455, 4.1)
            self.refuse_early_data()
        else:
            super().data_received(data)

    def refuse_early_data(self) -> None:
        """The connection ends after the response to the handshake; until then no more is read."""
        self._sent_early = True
        self.transport.pause_reading()

    def detach(self) -> DetachedTransport | None:
        """The transport and the server's open connections; None if the client has disconnected or is refused."""
        if self.disconnected or self.transport.is_closing():
            return None
        if self._sent_early:
            metrics.refused.labels(str(int(CloseCode.PROTOCOL_ERROR))).inc()
            self.transport.write(encode_close(CloseCode.PROTOCOL_ERROR, "data before the response to the handshake"))
            self.transport.close()
            return None
        self._detached = True
        self._free()
        self.connections.discard(self)
        return cast(LingeringTransport, self.transport).plain, self.connections  # pyright: ignore[reportReturnType]

    async def run_asgi(self) -> None:
        try:
            await self.app(self.scope, self.receive, self.send)  # pyright: ignore[reportArgumentType]
        except ClientDisconnected:
            pass
        except Exception:
            self.logger.exception("handshake_failed")
            self.send_500_response()
        if not self._detached:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._free()

    def _free(self) -> None:
        self.conn.parser.close()
        if self._extensions is not None:
            self._extensions.pop(DETACH, None)
