"""The handshake of a WebSocket as an ASGI application sees it; afterwards its transport is detached.

The application finds `DETACH` among the scope's extensions: a function that, called after `websocket.accept`, returns
the transport and the server's connections for the protocol that takes over. uvicorn's own protocol parses the request
a second time and makes a connection of the `websockets` library of it, which a wearable's connection has no use for:
twice the cost of a handshake, which counts when all of them come back at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from http import HTTPStatus

from starlette.types import ASGIApp, Scope
from starlette.types import Message as Event
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.server import ServerState
from websockets.frames import CloseCode

from services.ingest import metrics
from services.ingest.websocket.framing import encode_close
from services.ingest.websocket.lingering import LingeringTransport
from services.ingest.websocket.opening import InvalidOpening
from services.kit import logs

DETACH = "aura.detach"
DetachedTransport = tuple[asyncio.Transport, set[asyncio.Protocol]]
Detach = Callable[[], DetachedTransport | None]

log = logs.get(__name__)


class Handshake(asyncio.Protocol):
    """Ends with the accepted handshake, or with a refused connection. `accept`: the value of Sec-WebSocket-Accept."""

    def __init__(self, server: ServerState, transport: LingeringTransport, accept: bytes) -> None:
        self._server = server
        self._transport = transport
        self._accept = accept
        self._connect_received = False
        self._lost = asyncio.Event()
        self._answered = self._sent_early = self._detached = False
        self._denied: tuple[int, list[tuple[bytes, bytes]]] | None = None
        self._body = b""
        server.connections.add(self)  # pyright: ignore[reportArgumentType]  it has what uvicorn calls: shutdown

    def start(self, app: ASGIApp, scope: Scope) -> None:
        """Runs the application on this scope."""
        scope["extensions"] = {"websocket.http.response": {}, DETACH: self._detach}
        task = asyncio.get_running_loop().create_task(self._run(app, scope))
        self._server.tasks.add(task)
        task.add_done_callback(self._server.tasks.discard)

    def refuse_early_data(self) -> None:
        """The connection ends after the response to the handshake, for which the client must wait (RFC 6455, 4.1);
        until then no more is read."""
        self._sent_early = True
        self._transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        self.refuse_early_data()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)  # pyright: ignore[reportArgumentType]
        self._lost.set()

    def shutdown(self) -> None:
        """Called by uvicorn when the process ends."""
        self._answer(HTTPStatus.SERVICE_UNAVAILABLE, [(b"retry-after", b"5")], b"")
        self._transport.close()

    async def _run(self, app: ASGIApp, scope: Scope) -> None:
        try:
            await app(scope, self._receive, self._send)
        except ClientDisconnected:
            pass
        except Exception:
            log.exception("handshake_failed")
            self._answer_without_body(HTTPStatus.INTERNAL_SERVER_ERROR)
        if not self._detached:
            self._transport.close()

    async def _receive(self) -> Event:
        if not self._connect_received:
            self._connect_received = True
            return {"type": "websocket.connect"}
        await self._lost.wait()
        return {"type": "websocket.disconnect", "code": int(CloseCode.ABNORMAL_CLOSURE)}

    async def _send(self, message: Event) -> None:
        if self._lost.is_set() or self._transport.is_closing():
            raise ClientDisconnected
        kind = message["type"]
        if self._answered:
            raise RuntimeError(f"{kind} after the response to the handshake: only `{DETACH}` is left")
        headers = list(message.get("headers", ()))
        if kind == "websocket.accept":
            self._write_accepted(headers, message.get("subprotocol"))
        elif kind == "websocket.close":
            self._answer_without_body(HTTPStatus.FORBIDDEN)
        elif kind == "websocket.http.response.start":
            self._denied = message["status"], headers
        elif kind == "websocket.http.response.body" and self._denied is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                self._answer(*self._denied, self._body)
        else:
            raise RuntimeError(f"{kind} is no response to a handshake")

    def _write_accepted(self, headers: list[tuple[bytes, bytes]], subprotocol: str | None) -> None:
        self._answered = True
        if subprotocol:
            headers.append((b"sec-websocket-protocol", subprotocol.encode("latin-1")))
        switch = [(b"upgrade", b"websocket"), (b"connection", b"upgrade"), (b"sec-websocket-accept", self._accept)]
        self._transport.write(
            response(HTTPStatus.SWITCHING_PROTOCOLS, [*switch, *self._server.default_headers, *headers])
        )

    def _answer_without_body(self, status: HTTPStatus) -> None:
        self._answer(status, [], b"")

    def _answer(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        if not self._answered:
            self._answered = True
            length = [(b"content-length", b"%d" % len(body))] if all(n != b"content-length" for n, _ in headers) else []
            end = [*length, (b"connection", b"close")]
            self._transport.write(response(HTTPStatus(status), [*self._server.default_headers, *headers, *end], body))

    def _detach(self) -> DetachedTransport | None:
        """The transport and the server's open connections; None if the client has disconnected or is refused."""
        if self._lost.is_set() or self._transport.is_closing():
            return None
        if self._sent_early:
            metrics.refused.labels(str(int(CloseCode.PROTOCOL_ERROR))).inc()
            self._transport.write(encode_close(CloseCode.PROTOCOL_ERROR, "data before the response to the handshake"))
            return None
        self._detached = True
        self._server.connections.discard(self)  # pyright: ignore[reportArgumentType]
        return self._transport.plain, self._server.connections  # pyright: ignore[reportReturnType]


def response(status: HTTPStatus, headers: Iterable[tuple[bytes, bytes]], body: bytes = b"") -> bytes:
    """An HTTP response as bytes."""
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
    return head + b"".join([b"%s: %s\r\n" % header for header in headers]) + b"\r\n" + body


def refusal(error: InvalidOpening, default_headers: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """The response to a request that opens no WebSocket, with the server's `default_headers`."""
    body = f"Invalid handshake: {error}.\n".encode("ascii", "replace")
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    return response(HTTPStatus(error.status), [*default_headers, *headers, *error.headers], body)
