"""One open WebSocket as the rest of ingest sees it: something texts are offered to, which never makes others wait."""

from __future__ import annotations

import asyncio
from collections import deque

from starlette.types import Message, Send

from services.ingest.admission import Close
from services.ingest.people import Person

QUEUED = 64
"""Messages that may wait in a socket's queue before its client counts as one that does not read."""


class Socket:
    """A user's connection.

    What is offered waits in a queue of the socket's own, which a task empties and then ends; so one client that does
    not read makes nobody else wait. Its frames are not read meanwhile, which bounds the queue by what had been read
    before; and an idle connection keeps neither queue nor task.
    """

    __slots__ = ("_closed", "_queue", "_send", "_writer", "heard", "offered", "partition", "person", "trace")

    def __init__(self, person: Person, partition: int, trace: str, send: Send, now: float) -> None:
        self.person = person
        self.partition = partition
        self.trace = trace
        self.heard = now
        """When it last sent anything, on the event loop's clock."""
        self.offered: set[str] | None = None
        """Ids of the events whose push was offered to this socket."""
        self._send = send
        self._closed = False
        self._queue: deque[Message] | None = None
        self._writer: asyncio.Task[None] | None = None

    @property
    def closing(self) -> bool:
        """Whether a close frame was put behind all else, or the client is gone."""
        return self._closed

    @property
    def slow(self) -> bool:
        """Whether the client has stopped reading."""
        return self._queue is not None and len(self._queue) > QUEUED

    async def drained(self) -> None:
        """Returns when all that was queued has been handed to the transport, or the client is gone."""
        if self._writer is not None:
            await asyncio.wait([self._writer])

    def offer(self, text: str) -> None:
        """Sends `text` when the client reads. Nothing happens on a socket that is closing."""
        self._put({"type": "websocket.send", "text": text})

    def close(self, why: Close) -> None:
        """Sends the close frame behind all that was offered before."""
        self._put({"type": "websocket.close", "code": why.code, "reason": why.reason})
        self._closed = True

    def _put(self, message: Message) -> None:
        if self._closed:
            return
        if self._queue is None:
            self._queue = deque()
            self._writer = asyncio.create_task(self._write(self._queue))
        self._queue.append(message)

    async def _write(self, queue: deque[Message]) -> None:
        try:
            while queue:
                await self._send(queue.popleft())
        except OSError:  # the client is gone; its reader hears of it too and cleans up
            self._closed = True
        finally:
            self._queue = self._writer = None
