"""The WebSocket at /v1/stream: an ASGI application for the handshake, then what its sockets call."""

from __future__ import annotations

import asyncio
import time

import msgspec
from starlette.datastructures import Headers
from starlette.types import Message as Event
from starlette.types import Receive, Scope, Send

from contracts.records import StoredFrame, partition_of
from contracts.stream import Frame, Refusal, Seen
from services.ingest import metrics
from services.ingest.admission import NOT_TEXT, OVER_SHARE, OVERLOADED, Close, Limits, admit
from services.ingest.delivery.pipeline import Intake, Receipt
from services.ingest.messages import read
from services.ingest.pushes import Pushes
from services.ingest.registry import People
from services.ingest.websocket.connection import Socket
from services.ingest.websocket.framing import TEXT, Message
from services.ingest.websocket.handshake import HAND_OVER, Connection, HandOver
from services.kit import trace
from services.kit.jwks import KeysUnavailable
from services.kit.serve import MAX_MESSAGE_BYTES
from services.kit.tokens import SUBPROTOCOL, InvalidToken, Verifier, bearer

_encode = msgspec.json.Encoder().encode


class Stream:
    """Lets people in and takes what they say. `draining` refuses new ones and takes nothing from those who are in."""

    def __init__(self, verifier: Verifier, people: People, intake: Intake, pushes: Pushes) -> None:
        self._verifier = verifier
        self._people = people
        self._intake = intake
        self._pushes = pushes
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The handshake; from then on the socket calls."""
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
        accepted: Event = {"type": "websocket.accept", "headers": [_trace_header(trace_id)]}
        if SUBPROTOCOL in scope["subprotocols"]:
            accepted["subprotocol"] = SUBPROTOCOL
        await send(accepted)
        hand_over: HandOver = scope["extensions"][HAND_OVER]
        connection = hand_over()
        if connection is not None:
            self._welcome(caller.user, trace_id, connection)

    def _welcome(self, user: str, trace_id: str, connection: Connection) -> None:
        now = asyncio.get_running_loop().time()
        person = self._people.person(user, now)
        socket = Socket(person, partition_of(user, self._intake.partitions or 1), trace_id, now)
        refusal = self._admit(len(person.sockets))
        socket.begin(*connection, self, MAX_MESSAGE_BYTES)
        if refusal is not None:
            _close(socket, refusal)
            return
        self._people.join(socket)
        metrics.connections.inc()
        self._pushes.greet(socket)

    def _admit(self, sockets_of_person: int) -> Close | None:
        if self.draining:
            return Close(OVERLOADED, "this process is about to end; connect again")
        return admit(self._people.connections, sockets_of_person, self._intake.stalled, self._people.limits)

    def left(self, socket: Socket) -> None:
        if socket in socket.person.sockets:  # it was not refused
            metrics.connections.dec()
            self._people.leave(socket, asyncio.get_running_loop().time())

    def holds(self, socket: Socket) -> bool:
        """While Kafka takes nothing, nothing is read: TCP holds the client back."""
        if self._intake.stalled:
            self._intake.wait(socket)
            return True
        return False

    def chatted(self, socket: Socket, frames: int) -> None:
        socket.heard = asyncio.get_running_loop().time()
        limits = self._people.limits
        if not socket.person.share.take(socket.heard, limits, frames):
            _close(socket, _over_share(limits))

    def heard(self, socket: Socket, message: Message) -> None:
        if self.draining:
            return  # it is not acknowledged and will be sent to another process
        socket.heard = asyncio.get_running_loop().time()
        limits = self._people.limits
        if not socket.person.share.take(socket.heard, limits):
            _close(socket, _over_share(limits))
            return
        payload = message[1]
        said = read(payload)
        if isinstance(said, Frame):
            self._accept(socket, said, len(payload))
        elif isinstance(said, Seen):
            self._pushes.confirm(socket.person.user, said.seen)
        elif message[0] == TEXT and not _is_text(payload):
            _close(socket, Close(NOT_TEXT, "a text message is UTF-8"))
        else:
            _refuse(socket, said)

    def _accept(self, socket: Socket, frame: Frame, weight: int) -> None:
        metrics.frames.read += 1
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


def _over_share(limits: Limits) -> Close:
    rate = limits.frames_a_second
    return Close(OVER_SHARE, f"more than {rate:g} frames a second, pings and short parts included: make them longer")


def _is_text(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def _refuse(socket: Socket, refusal: Refusal) -> None:
    metrics.malformed.inc()
    socket.offer(_encode(refusal))


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
