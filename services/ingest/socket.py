"""One open WebSocket as the rest of ingest sees it: something texts are offered to, which never makes others wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any

from starlette.types import Send

from services.ingest.admission import Close
from services.ingest.people import Person


class Socket:
    """A user's connection.

    `offer` writes at once while the transport's buffer has room, which is nearly always: then sending is a call, and
    neither a task nor a turn of the event loop (a task an acknowledgement cost a fifth of the process). A socket whose
    client does not read gets a queue and a task of its own until it does, and its frames are not read meanwhile, so
    that the queue is bounded by what had been read before.
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
        self._queue: deque[dict[str, Any]] | None = None
        self._writer: asyncio.Task[None] | None = None

    @property
    def slow(self) -> bool:
        """Whether the client has stopped reading."""
        return self._writer is not None

    async def drained(self) -> None:
        """Returns when the client has read what was queued, or is gone."""
        if self._writer is not None:
            await asyncio.wait([self._writer])

    def offer(self, text: str) -> None:
        """Sends `text`, now or when the client reads again. Nothing happens on a socket that is closing."""
        self._put({"type": "websocket.send", "text": text})

    def close(self, why: Close) -> None:
        """Sends the close frame behind all that was offered before."""
        self._put({"type": "websocket.close", "code": why.code, "reason": why.reason})
        self._closed = True

    def _put(self, message: dict[str, Any]) -> None:
        if self._closed:
            return
        if self._queue is not None:
            self._queue.append(message)
            return
        sending: Coroutine[Any, Any, None] = self._send(message)  # pyright: ignore[reportAssignmentType]
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return
        except OSError:  # the client is gone; its reader hears of it too and cleans up
            self._closed = True
            return
        self._queue = deque()
        self._writer = asyncio.create_task(self._drain(sending, waits_for))

    async def _drain(self, sending: Coroutine[Any, Any, None], waits_for: Any) -> None:
        assert self._queue is not None
        try:
            await _resumed(sending, waits_for)
            while self._queue:
                await self._send(self._queue.popleft())
        except OSError:  # as above
            self._closed = True
        finally:
            self._queue = self._writer = None


@coroutine
def _resumed(begun: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, None, None]:
    """The rest of a coroutine that was begun by hand and yielded `waits_for`."""
    yield waits_for
    yield from begun  # pyright: ignore[reportGeneralTypeIssues]
