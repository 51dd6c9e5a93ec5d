"""One wearable: sends its frames when they are due, and again after a reconnect those that were not acknowledged."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ssl import SSLContext

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from contracts.stream import Ack, EmergencyCalm, Refusal, Seen
from local.wearables.frames import Timed
from local.wearables.report import Push, Report

WINDOW = 64
"""Frames that may be under way at once: played fast, a wearable must not outrun what takes its frames."""
INITIAL_BACKOFF, MAX_BACKOFF = 0.2, 5.0
"""Seconds before the first and between later attempts to reconnect."""

PROGRESS_DEADLINE_SECONDS = 60.0
"""With nothing taken for so long, the platform is taken to be down; starting anew takes it less."""


class Unreachable(RuntimeError):
    """The stream could not be reached, or took nothing, for too long; the text says what is intact."""


@dataclass(frozen=True)
class StreamEndpoint:
    """Where the stream is: `host` and `port` are dialled, `url` is what is asked for there."""

    url: str
    host: str
    port: int
    tls: SSLContext | None


@dataclass
class Wearable:
    """`token` gives a fresh access token at each connect."""

    user: str
    frames: list[Timed]
    endpoint: StreamEndpoint
    token: Callable[[], str]
    report: Report
    progress_deadline: float = PROGRESS_DEADLINE_SECONDS
    """Seconds after which it gives up when it can't connect, or none of its frames is acknowledged any more."""
    _unacked: dict[int, tuple[Timed, float]] = field(default_factory=dict)
    _next: int = 0
    _last_progress: float = 0.0
    """When all was well last, on the event loop's clock."""
    _seen: set[str] = field(default_factory=set)
    _all_acked: asyncio.Event = field(default_factory=asyncio.Event)
    _window_open: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, begin: float, finished: asyncio.Event) -> None:
        """Streams from `begin` (on the event loop's clock) and stays connected until `finished`.

        Raises Unreachable.
        """
        pause = INITIAL_BACKOFF
        self._mark_progress()
        while True:
            attempt = "it closed the connection"
            try:
                async with connect(
                    self.endpoint.url,
                    host=self.endpoint.host,
                    port=self.endpoint.port,
                    ssl=self.endpoint.tls,
                    additional_headers={"Authorization": f"Bearer {self.token()}"},
                    compression=None,
                    ping_interval=None,
                    max_queue=None,
                    open_timeout=10,
                    close_timeout=1,
                ) as socket:
                    pause = INITIAL_BACKOFF
                    try:
                        if await self._exchange(socket, begin, finished):
                            return
                    finally:
                        if not self._unacked:  # or else accepting connections is all that the platform does
                            self._mark_progress()
            except (ConnectionClosed, InvalidHandshake, OSError, TimeoutError) as error:
                attempt = str(error) or type(error).__name__
            if self._overdue():
                raise Unreachable(self._unreachable_message(attempt))
            self.report.reconnects += 1
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(MAX_BACKOFF, pause * 2)

    def _mark_progress(self) -> None:
        self._last_progress = asyncio.get_running_loop().time()

    def _overdue(self) -> bool:
        return asyncio.get_running_loop().time() - self._last_progress > self.progress_deadline

    def _unreachable_message(self, attempt: str) -> str:
        report = self.report
        return (
            f"the stream at {self.endpoint.host}:{self.endpoint.port} took nothing from {self.user} for {self.progress_deadline:g} s "
            f"({attempt}). {report.acked} of {report.sent} frames were acknowledged: their beats are kept and "
            f"processed when the platform is back. The other {report.sent - report.acked - report.refused} may be "
            "missing. `aura status` tells what is down, `make up` starts it; then repeat the command: it streams new "
            "people."
        )

    async def _exchange(self, socket: ClientConnection, begin: float, finished: asyncio.Event) -> bool:
        """True once all is acknowledged and nobody waits for a push any more.

        Raises when the socket breaks, and TimeoutError when it stands and nothing is acknowledged.
        """
        reading = asyncio.create_task(self._read(socket))
        try:
            for timed, _ in list(self._unacked.values()):
                await self._send(socket, timed)
                self.report.resent += 1
            writing = asyncio.create_task(self._write(socket, begin, finished))
            try:
                while not (reading.done() or writing.done()):
                    await asyncio.wait([reading, writing], timeout=1, return_when=asyncio.FIRST_COMPLETED)
                    if self._unacked and self._overdue():
                        raise TimeoutError("it holds the connection and acknowledges nothing")
                if reading.done():
                    await reading
                    return False
                await writing
                return True
            finally:
                writing.cancel()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _write(self, socket: ClientConnection, begin: float, finished: asyncio.Event) -> None:
        clock = asyncio.get_running_loop().time
        while self._next < len(self.frames):
            timed = self.frames[self._next]
            wait = begin + timed.due - clock()
            if wait > 0:
                await asyncio.sleep(wait)
            while len(self._unacked) >= WINDOW:
                self._window_open.clear()
                await self._window_open.wait()
            self._next += 1
            self.report.sent += 1
            await self._send(socket, timed)
        while self._unacked:
            self._all_acked.clear()
            await self._all_acked.wait()
        await finished.wait()

    async def _send(self, socket: ClientConnection, timed: Timed) -> None:
        if not self._unacked:
            self._mark_progress()
        self._unacked[timed.frame.seq] = (timed, time.perf_counter())
        await socket.send(_encode(timed.frame).decode())

    async def _read(self, socket: ClientConnection) -> None:
        async for text in socket:
            message = _decode(text)
            if "ack" in message:
                self._complete(msgspec.convert(message, Ack).ack, refused=False)
            elif message.get("type") == "emergency_calm":
                await self._receive_push(socket, msgspec.convert(message, EmergencyCalm))
            elif "error" in message:
                refusal = msgspec.convert(message, Refusal)
                if refusal.seq is not None:
                    self._complete(refusal.seq, refused=True)

    def _complete(self, seq: int, refused: bool) -> None:
        entry = self._unacked.pop(seq, None)
        if entry is not None:
            self._mark_progress()
            if refused:
                self.report.refused += 1
            else:
                self.report.acked += 1
                self.report.ack_ms.append((time.perf_counter() - entry[1]) * 1000)
            self._window_open.set()
            if not self._unacked:
                self._all_acked.set()

    async def _receive_push(self, socket: ClientConnection, calm: EmergencyCalm) -> None:
        if calm.event_id in self._seen:
            self.report.duplicates += 1
        else:
            self._mark_progress()
            self._seen.add(calm.event_id)
            title = str(calm.content.get("title", ""))
            self.report.pushes.append(Push(self.user, calm.event_id, time.time_ns() // 1_000_000, title))
        await socket.send(msgspec.json.encode(Seen(calm.event_id)).decode())


def count_beats(frames: Iterable[list[Timed]]) -> int:
    return sum(len(timed.frame.samples) for each in frames for timed in each)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict).decode
