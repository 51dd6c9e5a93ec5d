"""uvicorn's WebSocket protocol, without what it leaves to the garbage collector."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class Protocol(WebSocketsSansIOProtocol):
    """Ends the parser with the connection.

    The two refer to each other, and `memory` has cycles collected rarely: after twelve thousand wearables had come back
    five times, a process held 13 KiB a connection of connections that were closed. So it frees them itself.
    """

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.conn.parser.close()
