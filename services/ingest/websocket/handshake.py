"""uvicorn's WebSocket protocol for the handshake, after which the connection is handed over.

The application finds `HAND_OVER` among the scope's extensions: a function that, called after `websocket.accept`, gives
transport and connections to the protocol that is to go on. Everything of the handshake is freed then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

HAND_OVER = "aura.hand_over"
Connection = tuple[asyncio.Transport, set[asyncio.Protocol]]
HandOver = Callable[[], Connection | None]


class Protocol(WebSocketsSansIOProtocol):
    """Ends with the handshake, or with a connection that was refused.

    Parser and connection refer to each other, and `memory` has cycles collected rarely: after twelve thousand wearables
    had come back five times, a process held 13 KiB a connection of connections that were closed. So it frees them
    itself.
    """

    _handed_over = False
    _extensions: dict[str, Any] | None = None
    """The scope's; a request that is no handshake gets no scope."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[str, Any] = cast(dict[str, Any], self.scope)["extensions"]
            extensions[HAND_OVER] = self.hand_over
            self._extensions = extensions

    def data_received(self, data: bytes) -> None:
        if self.handshake_initiated:  # before our answer nothing may follow the request (RFC 6455, 4.1)
            self.transport.abort()
        else:
            super().data_received(data)

    def hand_over(self) -> Connection | None:
        """Transport, and the server's open connections; None when the client has gone meanwhile."""
        if self.disconnected or self.transport.is_closing():
            return None
        self._handed_over = True
        self._free()
        self.connections.discard(self)
        return self.transport, self.connections  # pyright: ignore[reportReturnType]

    async def run_asgi(self) -> None:
        try:
            await self.app(self.scope, self.receive, self.send)  # pyright: ignore[reportArgumentType]
        except ClientDisconnected:
            pass
        except Exception:
            self.logger.exception("handshake_failed")
            self.send_500_response()
        if not self._handed_over:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._free()

    def _free(self) -> None:
        self.conn.parser.close()
        if self._extensions is not None:
            self._extensions.pop(HAND_OVER, None)
