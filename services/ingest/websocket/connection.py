"""One open WebSocket: a protocol on its transport, without a task of its own.

What is offered is handed to the transport at once and never makes others wait. A client that does not read is not
read either, which bounds what waits for it by what had been read before.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from services.ingest.admission import Close
from services.ingest.registry import Person
from services.ingest.websocket import framing
from services.ingest.websocket.framing import Message, Reader, Violation

UNSENT_BYTES = 4096
"""What may wait in our own buffer before the client counts as one that does not read; the kernel's comes first."""
CLOSE_SECONDS = 10.0
"""How long a client may take to answer a close frame."""
BEHIND_CLOSE_BYTES = 1 << 20
"""And how much it may send meanwhile: what was on its way fits, a flood does not."""


class Listener(Protocol):
    """Who is told what a client says."""

    def heard(self, socket: Socket, message: Message) -> None:
        """A message came: opcode TEXT or BINARY, and the payload."""
        ...

    def chatted(self, socket: Socket, frames: int) -> None:
        """So many frames came that are no messages: pings, pongs and short parts."""
        ...

    def holds(self, socket: Socket) -> bool:
        """Whether no more messages can be taken just now; the socket is then told to `go_on` later."""
        ...

    def left(self, socket: Socket) -> None:
        """The connection is gone."""
        ...


class Socket(asyncio.Protocol):
    """A user's connection, from `begin` on."""

    __slots__ = (
        "_among", "_behind_close", "_closing", "_held", "_listener", "_reader", "_slow", "_transport",
        "heard", "offered", "partition", "person", "trace",
    )  # fmt: skip

    def __init__(self, person: Person, partition: int, trace: str, now: float) -> None:
        self.person = person
        self.partition = partition
        self.trace = trace
        self.heard = now
        """When it last said anything or was read again, on the event loop's clock."""
        self.offered: set[str] | None = None
        """Ids of the events whose push was offered to this socket."""
        self._closing = False
        self._slow = False
        self._behind_close = 0
        self._held: list[Message] | None = None
        """What was read and can't be taken yet; nothing more is read then."""

    def begin(self, transport: asyncio.Transport, among: set[asyncio.Protocol], listener: Listener, limit: int) -> None:
        """Takes over a connection whose handshake is through; `among` are the server's open connections."""
        self._transport = transport
        self._listener = listener
        self._reader = Reader(limit)
        self._among = among
        among.add(self)
        transport.set_write_buffer_limits(UNSENT_BYTES, 0)
        transport.set_protocol(self)

    @property
    def closing(self) -> bool:
        """Whether a close frame was sent, or the client is gone."""
        return self._closing

    @property
    def held(self) -> bool:
        """Whether it is us who do not listen: its messages can't be taken just now."""
        return self._held is not None

    def offer(self, text: bytes) -> bool:
        """Sends `text`, and tells whether it did: nothing is sent on a socket that is closing."""
        if self._closing:
            return False
        self._transport.write(framing.written(framing.TEXT, text))
        return True

    def close(self, why: Close) -> None:
        """Sends a close frame behind all that was offered; the client's answer ends the connection."""
        if self._closing:
            return
        self._closing = True
        self._transport.write(framing.closing(why.code, why.reason))
        asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._transport.abort)
        self._held = None
        self._pace()

    def shutdown(self) -> None:
        """uvicorn calls this when the process ends."""
        if not self._closing:
            self._closing = True
            self._transport.write(framing.closing(1012, ""))
        self._transport.close()

    def go_on(self) -> None:
        """Takes what was held and reads on, as far as the listener lets."""
        held, self._held = self._held, None
        if held is not None:
            self._take(held)
            self._pace()

    def data_received(self, data: bytes) -> None:
        if self._closing and not self._still_read(len(data)):
            self._transport.abort()
            return
        try:
            messages = self._reader.read(data)
        except Violation as violation:
            self.close(Close(violation.code, violation.reason))
            self._transport.close()
            return
        if self._reader.asides:
            self._count_asides()
        if self._held is None:
            self._take(messages)
        else:
            self._held += messages

    def pause_writing(self) -> None:
        self._slow = True
        self._pace()

    def resume_writing(self) -> None:
        self._slow = False
        self._pace()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        self._among.discard(self)
        self._listener.left(self)

    def _still_read(self, size: int) -> bool:
        """Whether a closing socket has sent no more than what may have been on its way when we closed."""
        self._behind_close += size
        return self._behind_close <= BEHIND_CLOSE_BYTES

    def _count_asides(self) -> None:
        asides, self._reader.asides = self._reader.asides, 0
        if not self._closing:
            self._listener.chatted(self, asides)

    def _take(self, messages: list[Message]) -> None:
        for i, message in enumerate(messages):
            opcode = message[0]
            if opcode <= framing.BINARY:
                if self._closing:
                    continue  # what comes now is not acknowledged and will be sent to another process
                if self._listener.holds(self):
                    self._held = messages[i:]
                    self._pace()
                    return
                self._listener.heard(self, message)
            elif opcode == framing.PING:
                if not self._closing:
                    self._transport.write(framing.written(framing.PONG, message[1]))
            elif opcode == framing.CLOSE:
                self._answer(message[1])
                return

    def _answer(self, payload: bytes) -> None:
        """The client closes, or answers our close."""
        if not self._closing:
            self._closing = True
            try:
                framing.close_code(payload)
                self._transport.write(framing.written(framing.CLOSE, payload))
            except Violation as violation:
                self._transport.write(framing.closing(violation.code, violation.reason))
        self._transport.close()

    def _pace(self) -> None:
        """Reads or does not, by what holds just now; a socket that is closing is read for the answer."""
        if self._transport.is_closing():
            return
        if not self._closing and (self._slow or self.held):
            self._transport.pause_reading()
        else:
            self.heard = asyncio.get_running_loop().time()
            self._transport.resume_reading()
