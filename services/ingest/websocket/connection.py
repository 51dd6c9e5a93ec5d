"""One open WebSocket: an asyncio protocol on its transport, without a task of its own.

What is sent goes to the transport at once and never blocks others. A client that does not read is not read either,
so what is queued for it is bounded by what was read from it before.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, Self, TypeVar

from websockets.frames import CloseCode

from services.ingest.websocket import framing
from services.ingest.websocket.framing import Close, FrameDecoder, Message, ProtocolError
from services.ingest.websocket.lingering import LINGER_BYTES, LINGER_SECONDS, SILENCE_SECONDS, linger

WRITE_BUFFER_BYTES = 4096
"""Bytes in our own write buffer above which the client counts as not reading; the kernel's buffer fills first."""
SHUTDOWN_LINGER_SECONDS = 3.0
"""Time in which clients have to answer the close frame of a process that ends."""

C = TypeVar("C", contravariant=True)


class Listener(Protocol[C]):
    """Receives the events of connections."""

    def on_message(self, connection: C, message: Message) -> None:
        """A message arrived: opcode TEXT or BINARY, and the payload."""
        ...

    def on_overhead_frames(self, connection: C, frames: int) -> None:
        """So many frames without data arrived: pings, pongs and short fragments."""
        ...

    def should_pause(self, connection: C) -> bool:
        """Whether no more messages can be accepted now; if so, the listener calls `resume_reading` later."""
        ...

    def on_close(self, connection: C) -> None:
        """The connection is closed."""
        ...


class Connection(asyncio.Protocol):
    """An open connection, from `open` on."""

    __slots__ = (
        "_bytes_after_close", "_closing", "_decoder", "_deferred", "_listener", "_server_connections", "_transport",
        "_writing_paused", "last_activity",
    )  # fmt: skip

    def __init__(self, now: float) -> None:
        self.last_activity = now
        """When it last sent anything or reading was resumed, on the event loop's clock."""
        self._closing = False
        self._writing_paused = False
        self._bytes_after_close = 0
        self._deferred: list[Message] | None = None
        """Messages read that cannot be accepted yet; while there are any, reading is paused."""

    def open(
        self,
        transport: asyncio.Transport,
        server_connections: set[asyncio.Protocol],
        listener: Listener[Self],
        limit: int,
    ) -> None:
        """Takes over a transport after its handshake; `server_connections` are the server's open connections."""
        self._transport = transport
        self._listener = listener
        self._decoder = FrameDecoder(limit)
        self._server_connections = server_connections
        server_connections.add(self)
        transport.set_write_buffer_limits(WRITE_BUFFER_BYTES, 0)
        transport.set_protocol(self)

    @property
    def closing(self) -> bool:
        """Whether a close frame was sent or the connection is closed."""
        return self._closing

    @property
    def reading_paused(self) -> bool:
        """Whether the listener paused reading: the server's doing, not the client's silence."""
        return self._deferred is not None

    def send(self, text: bytes) -> bool:
        """Sends `text`; returns False on a closing connection, on which nothing is sent."""
        if self._closing:
            return False
        self._transport.write(framing.encode_frame(framing.TEXT, text))
        return True

    def close(self, reason: Close) -> None:
        """Sends a close frame after everything sent before; the client's answer ends the connection."""
        if not self._closing:
            self._begin_closing(reason)
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._transport.abort)

    def shutdown(self) -> None:
        """Called by uvicorn when the process ends."""
        if not self._closing:
            self._begin_closing(Close(CloseCode.SERVICE_RESTART, ""))
        asyncio.get_running_loop().call_later(SHUTDOWN_LINGER_SECONDS, self._transport.abort)

    def resume_reading(self) -> None:
        """Dispatches deferred messages and reads on, as far as the listener accepts them."""
        deferred, self._deferred = self._deferred, None
        if deferred is not None:
            self._dispatch(deferred)
            self._update_reading()

    def data_received(self, data: bytes) -> None:
        if self._closing and not self._within_close_limit(len(data)):
            self._transport.abort()
            return
        try:
            messages = self._decoder.feed(data)
        except ProtocolError as error:
            self.close(Close(error.code, error.reason))
            if not self._transport.is_closing():  # the client's answer cannot be decoded
                linger(self._transport, silence=SILENCE_SECONDS)
            return
        if self._decoder.overhead_frames:
            self._report_overhead()
        if self._deferred is None:
            self._dispatch(messages)
        else:
            self._deferred += messages

    def pause_writing(self) -> None:
        self._writing_paused = True
        self._update_reading()

    def resume_writing(self) -> None:
        self._writing_paused = False
        self._update_reading()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        self._server_connections.discard(self)
        self._listener.on_close(self)

    def _within_close_limit(self, size: int) -> bool:
        """Whether a closing connection has sent no more than may have been in flight when it was closed."""
        self._bytes_after_close += size
        return self._bytes_after_close <= LINGER_BYTES

    def _begin_closing(self, reason: Close) -> None:
        """The client's answer is read, whatever reading was paused for."""
        self._closing = True
        self._transport.write(framing.encode_close(reason.code, reason.reason))
        self._deferred = None
        self._update_reading()

    def _report_overhead(self) -> None:
        frames, self._decoder.overhead_frames = self._decoder.overhead_frames, 0
        if not self._closing:
            self._listener.on_overhead_frames(self, frames)

    def _dispatch(self, messages: list[Message]) -> None:
        for i, message in enumerate(messages):
            opcode = message[0]
            if opcode <= framing.BINARY:
                if self._closing:
                    continue  # not acknowledged; the client sends it again to another process
                if self._listener.should_pause(self):
                    self._deferred = messages[i:]
                    self._update_reading()
                    return
                self._listener.on_message(self, message)
            elif opcode == framing.PING:
                if not self._closing:
                    self._transport.write(framing.encode_frame(framing.PONG, message[1]))
            elif opcode == framing.CLOSE:
                self._on_close_frame(message[1])
                return

    def _on_close_frame(self, payload: bytes) -> None:
        """The client closes, or answers our close frame."""
        if not self._closing:
            self._closing = True
            try:
                framing.parse_close_code(payload)
                self._transport.write(framing.encode_frame(framing.CLOSE, payload))
            except ProtocolError as error:
                self._transport.write(framing.encode_close(error.code, error.reason))
        self._transport.close()

    def _update_reading(self) -> None:
        """Pauses or resumes reading by the present state; a closing connection is read for the client's answer."""
        if self._transport.is_closing():
            return
        if not self._closing and (self._writing_paused or self.reading_paused):
            self._transport.pause_reading()
        else:
            self.last_activity = asyncio.get_running_loop().time()
            self._transport.resume_reading()
