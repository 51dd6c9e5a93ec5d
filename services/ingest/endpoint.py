"""The WebSocket at /v1/stream: an ASGI application for the handshake, then the listener of its connections."""

from __future__ import annotations

import asyncio
import time

import msgspec
from starlette.datastructures import Headers
from starlette.types import Message as Event
from starlette.types import Receive, Scope, Send
from websockets.frames import CloseCode

from contracts.records import StoredFrame, partition_of
from contracts.stream import TOKEN_EXPIRED, Ack, Frame, Refusal, Seen
from contracts.tokens import SUBPROTOCOL
from services.ingest import metrics
from services.ingest.acceptance import Dropped, movement, refuse, refuse_movement, sort_out, storable
from services.ingest.admission import Limits, admit
from services.ingest.delivery.pipeline import DeliveryPipeline, PendingAck
from services.ingest.messages import decode
from services.ingest.pushes import PushDispatcher
from services.ingest.registry import ConnectionRegistry, UserConnection
from services.ingest.websocket.framing import TEXT, Close, Message
from services.ingest.websocket.handshake import DETACH, Detach, DetachedTransport
from services.kit import trace
from services.kit.jwks import KeysUnavailable
from services.kit.region import NOT_SERVING, Gate
from services.kit.serve import MAX_MESSAGE_BYTES
from services.kit.tokens import InvalidToken, Principal, Verifier, bearer

_FENCED = Close(CloseCode.TRY_AGAIN_LATER, "this region does not serve at the moment; reconnect, by name")
_encode = msgspec.json.Encoder().encode


class StreamEndpoint:
    """Admits connections and handles their messages.

    `draining` refuses connections and ignores messages. A closed gate, while the region may not serve, refuses
    connections and closes those that send.
    """

    def __init__(
        self,
        verifier: Verifier,
        registry: ConnectionRegistry,
        pipeline: DeliveryPipeline,
        pushes: PushDispatcher,
        gate: Gate,
    ) -> None:
        self._verifier = verifier
        self._registry = registry
        self._pipeline = pipeline
        self._pushes = pushes
        self._gate = gate
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The handshake; afterwards the connection calls the methods below."""
        await receive()  # websocket.connect
        headers = Headers(scope=scope)
        given = headers.get(trace.HEADER)
        trace_id = trace.parse(given.encode() if given else None) or trace.new()
        if self._gate.refusal():
            await _deny(send, 503, NOT_SERVING, trace_id)
            return
        try:
            caller = await self._verifier.principal(bearer(headers))
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
        detach: Detach = scope["extensions"][DETACH]
        detached = detach()
        if detached is not None:
            self._open_connection(caller, trace_id, detached)

    def _open_connection(self, caller: Principal, trace_id: str, detached: DetachedTransport) -> None:
        now = asyncio.get_running_loop().time()
        user = self._registry.user(caller.user, now)
        partition = partition_of(caller.user, self._pipeline.partitions or 1)
        connection = UserConnection(user, partition, trace_id, now, caller.expires)
        refusal = self._admit(len(user.connections))
        connection.open(*detached, self, MAX_MESSAGE_BYTES)
        if refusal is not None:
            _close(connection, refusal)
            return
        self._registry.add(connection)
        metrics.connections.inc()
        self._pushes.send_pending(connection)

    def _admit(self, connections_of_user: int) -> Close | None:
        if self.draining:
            return Close(CloseCode.TRY_AGAIN_LATER, "this process is shutting down; reconnect")
        if self._gate.refusal():
            return _FENCED
        return admit(self._registry.count, connections_of_user, self._pipeline.stalled, self._registry.limits)

    def on_close(self, connection: UserConnection) -> None:
        if connection in connection.user.connections:  # it was admitted
            metrics.connections.dec()
            self._registry.remove(connection, asyncio.get_running_loop().time())

    def should_pause(self, connection: UserConnection) -> bool:
        """While Kafka accepts nothing, nothing is read: TCP flow control holds the client back."""
        if self._pipeline.stalled:
            self._pipeline.resume_later(connection)
            return True
        return False

    def on_overhead_frames(self, connection: UserConnection, frames: int) -> None:
        connection.last_activity = asyncio.get_running_loop().time()
        limits = self._registry.limits
        if not connection.user.bucket.consume(connection.last_activity, limits, frames):
            _close(connection, _rate_exceeded(limits))

    def on_message(self, connection: UserConnection, message: Message) -> None:
        if self._gate.refusal():
            self.close_fenced(connection)  # at once: one that stayed open would wait for an acknowledgement
            return
        if self.draining:
            return  # not acknowledged; the client sends it again to another process
        connection.last_activity = asyncio.get_running_loop().time()
        limits = self._registry.limits
        if not connection.user.bucket.consume(connection.last_activity, limits):
            _close(connection, _rate_exceeded(limits))
            return
        payload = message[1]
        decoded = decode(payload)
        if isinstance(decoded, Frame):
            self._submit(connection, decoded, len(payload))
        elif isinstance(decoded, Seen):
            self._pushes.confirm(connection.user.id, decoded.seen)
        elif message[0] == TEXT and not _is_utf8(payload):
            _close(connection, Close(CloseCode.INVALID_DATA, "text messages must be UTF-8"))
        else:
            self._refuse(connection, decoded.refusal, "malformed", decoded.device, len(payload))

    def close_expired(self, connection: UserConnection) -> None:
        """Closes a connection whose token has ended; what is not acknowledged is sent again on the next one."""
        if not connection.closing:
            _close(connection, Close(TOKEN_EXPIRED, "the token has expired; connect again with a fresh one"))

    def close_fenced(self, connection: UserConnection) -> None:
        if not connection.closing:
            _close(connection, _FENCED)

    def _submit(self, connection: UserConnection, frame: Frame, size: int) -> None:
        metrics.frames.read += 1
        received = int(time.time() * 1000)
        t = [sample.t for sample in frame.samples]
        rr = [sample.rr for sample in frame.samples]
        dropped: Dropped = {}
        if t and not storable(t, rr, received):
            kept_t, kept_rr, dropped = sort_out(t, rr, received)
            if not kept_t:
                self._refuse(connection, *refuse(frame.seq, t, rr, received), frame.device, size)
                return
            t, rr = kept_t, kept_rr
        moved = movement(frame, received, dropped)
        if not t and (moved is None or not moved.t):
            self._refuse(connection, *refuse_movement(frame.seq, frame.motion, received), frame.device, size)
            return
        for reason, samples in dropped.items():
            metrics.dropped_beats.labels(reason).inc(samples)
        answer = _encode(Ack(frame.seq, dropped)) if dropped else None
        stored = StoredFrame(connection.user.id, frame.device, frame.seq, received, connection.trace, t, rr, moved)
        self._pipeline.submit(stored, PendingAck(connection, frame.seq, connection.last_activity, answer), size)

    def _refuse(self, connection: UserConnection, refusal: Refusal, reason: str, device: str | None, size: int) -> None:
        """Answers a message of which nothing is stored.

        Of a frame whose place is known, that place is stored, without beats, and then it is answered: a number that is
        missing among the frames of a device would hold back those after it.
        """
        metrics.refused_frames.labels(reason).inc()
        answer = _encode(refusal)
        if device is None or refusal.seq is None:
            connection.send(answer)
            return
        received = int(time.time() * 1000)
        place = StoredFrame(connection.user.id, device, refusal.seq, received, connection.trace, [], [])
        ack = PendingAck(connection, refusal.seq, connection.last_activity, answer, refused=True)
        self._pipeline.submit(place, ack, size)


def _rate_exceeded(limits: Limits) -> Close:
    rate = f"{limits.frames_per_second:g} frames per second"
    return Close(
        CloseCode.POLICY_VIOLATION, f"more than {rate}, pings and short fragments included: send longer frames"
    )


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def _close(connection: UserConnection, reason: Close) -> None:
    metrics.refused.labels(str(reason.code)).inc()
    connection.close(reason)


def _trace_header(trace_id: str) -> tuple[bytes, bytes]:
    return trace.HEADER.lower().encode(), trace_id.encode()


async def _deny(send: Send, status: int, reason: str, trace_id: str) -> None:
    """Rejects the handshake with an HTTP status (ASGI's WebSocket denial response)."""
    metrics.refused.labels(str(status)).inc()
    headers = [
        (b"content-type", b"application/json"),
        _trace_header(trace_id),
        *([(b"www-authenticate", b"Bearer")] if status == 401 else [(b"retry-after", b"5")]),
    ]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": _encode({"error": reason})})
