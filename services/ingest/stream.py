"""The WebSocket at /v1/stream, as an ASGI application."""

from __future__ import annotations

import asyncio
import time

import msgspec
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from contracts.records import StoredFrame, partition_of
from contracts.stream import Frame, Refusal, Seen
from services.ingest import metrics
from services.ingest.admission import OVER_SHARE, OVERLOADED, Close, admit
from services.ingest.intake import Intake, Receipt
from services.ingest.people import People
from services.ingest.pushes import Pushes
from services.ingest.reading import read
from services.ingest.socket import Socket
from services.kit import trace
from services.kit.keys import KeysUnavailable
from services.kit.tokens import SUBPROTOCOL, InvalidToken, Verifier, bearer

_encode = msgspec.json.Encoder().encode


class Stream:
    """Serves one connection a call. `draining` refuses new ones; those that are open are not read any more."""

    def __init__(self, verifier: Verifier, people: People, intake: Intake, pushes: Pushes) -> None:
        self._verifier = verifier
        self._people = people
        self._intake = intake
        self._pushes = pushes
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        headers = Headers(scope=scope)
        given = headers.get(trace.HEADER)
        trace_id = trace.accepted(given.encode() if given else None) or trace.new()
        try:
            caller = await self._verifier.principal(bearer(headers.get("authorization"), scope["subprotocols"]))
        except InvalidToken as error:
            await _deny(send, 401, str(error), trace_id)
            return
        except KeysUnavailable as error:
            await _deny(send, 503, str(error), trace_id)
            return
        accepted: Message = {"type": "websocket.accept", "headers": [_trace_header(trace_id)]}
        if SUBPROTOCOL in scope["subprotocols"]:
            accepted["subprotocol"] = SUBPROTOCOL
        await send(accepted)
        now = asyncio.get_running_loop().time()
        person = self._people.person(caller.user, now)
        socket = Socket(person, partition_of(caller.user, self._intake.partitions or 1), trace_id, send, now)
        refusal = self._admit(len(person.sockets))
        if refusal is not None:
            _close(socket, refusal)
            await socket.drained()
            return
        self._people.join(socket)
        metrics.connections.inc()
        # Headers and token are kilobytes that the server would keep as long as the socket is open.
        del headers, given, accepted, caller
        scope["headers"], scope["state"] = [], {}
        try:
            self._pushes.greet(socket)
            await self._converse(socket, receive)
        finally:
            metrics.connections.dec()
            self._people.leave(socket, asyncio.get_running_loop().time())

    def _admit(self, sockets_of_person: int) -> Close | None:
        if self.draining:
            return Close(OVERLOADED, "this process is about to end; connect again")
        return admit(self._people.connections, sockets_of_person, self._intake.stalled, self._people.limits)

    async def _converse(self, socket: Socket, receive: Receive) -> None:
        """Reads until the client leaves. Not calling `receive` lets TCP hold the client back."""
        loop = asyncio.get_running_loop()
        while True:
            if self._intake.stalled:
                await self._intake.readable()
            if socket.slow:
                await socket.drained()
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            if self.draining or socket.closing:
                continue  # what comes now is not acknowledged and will be sent to another process
            socket.heard = loop.time()
            limits = self._people.limits
            if not socket.person.share.take(socket.heard, limits):
                rate = limits.frames_a_second
                _close(socket, Close(OVER_SHARE, f"more than {rate:g} messages a second: make your frames longer"))
                continue
            text = message.get("text")
            if text is None:
                text = message["bytes"]
            said = read(text)
            if isinstance(said, Frame):
                self._accept(socket, said, len(text))
            elif isinstance(said, Seen):
                self._pushes.confirm(socket.person.user, said.seen)
            else:
                _refuse(socket, said)

    def _accept(self, socket: Socket, frame: Frame, weight: int) -> None:
        metrics.frames.inc()
        stored = StoredFrame(
            socket.person.user,
            frame.device,
            frame.seq,
            int(time.time() * 1000),
            socket.trace,
            [sample.t for sample in frame.samples],
            [sample.rr for sample in frame.samples],
        )
        self._intake.accept(stored, Receipt(socket, frame.seq, socket.heard), weight)


def _refuse(socket: Socket, refusal: Refusal) -> None:
    metrics.malformed.inc()
    socket.offer(_encode(refusal).decode())


def _close(socket: Socket, why: Close) -> None:
    metrics.refused.labels(str(why.code)).inc()
    socket.close(why)


def _trace_header(trace_id: str) -> tuple[bytes, bytes]:
    return trace.HEADER.lower().encode(), trace_id.encode()


async def _deny(send: Send, status: int, reason: str, trace_id: str) -> None:
    """Answers the handshake with a plain HTTP status (ASGI's WebSocket denial response)."""
    metrics.refused.labels(str(status)).inc()
    headers = [
        (b"content-type", b"application/json"),
        _trace_header(trace_id),
        *([(b"www-authenticate", b"Bearer")] if status == 401 else [(b"retry-after", b"5")]),
    ]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": _encode({"error": reason})})
