"""One wearable: sends frames when they are due, and resends unacknowledged ones after a reconnect."""

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
"""Maximum number of unacknowledged frames, so that a fast wearable does not overrun the server."""
INITIAL_BACKOFF, MAX_BACKOFF = 0.2, 5.0
"""Seconds before the first and between later attempts to reconnect."""

PROGRESS_DEADLINE_SECONDS = 60.0
"""Without progress for so long, the platform is considered down; a restart of it takes less time."""


class Unreachable(RuntimeError):
    """The stream was unreachable, or acknowledged nothing, for too long; the message tells which frames are safe."""


@dataclass(frozen=True)
class StreamEndpoint:
    """Address of the stream: the connection goes to `host` and `port`, the request is for `url`."""

    url: str
    host: str
    port: int
    tls: SSLContext | None


@dataclass
class Wearable:
    """`endpoint` and `token` are asked for each connection: where the stream is now, and a new access token."""

    user: str
    frames: list[Timed]
    endpoint: Callable[[], StreamEndpoint]
    token: Callable[[], str]
    report: Report
    progress_deadline: float = PROGRESS_DEADLINE_SECONDS
    """Seconds after which it gives up when it cannot connect, or no frame is acknowledged."""
    _unacked: dict[int, tuple[Timed, float]] = field(default_factory=dict)
    _next: int = 0
    _last_progress: float = 0.0
    """Time of the last progress, on the event loop's clock."""
    _seen: set[str] = field(default_factory=set)
    _all_acked: asyncio.Event = field(default_factory=asyncio.Event)
    _window_open: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, begin: float, finished: asyncio.Event) -> None:
        """Streams from `begin` (on the event loop's clock) and stays connected until `finished`.

        Raises Unreachable.
        """
        backoff = INITIAL_BACKOFF
        self._mark_progress()
        while True:
            failure, endpoint = "it closed the connection", self.endpoint()
            try:
                async with connect(
                    endpoint.url,
                    host=endpoint.host,
                    port=endpoint.port,
                    ssl=endpoint.tls,
                    additional_headers={"Authorization": f"Bearer {self.token()}"},
                    compression=None,
                    ping_interval=None,
                    max_queue=None,
                    open_timeout=10,
                    close_timeout=1,
                ) as socket:
                    backoff = INITIAL_BACKOFF
                    try:
                        if await self._exchange(socket, begin, finished):
                            return
                    finally:
                        if not self._unacked:  # accepting connections alone is no progress
                            self._mark_progress()
            except (ConnectionClosed, InvalidHandshake, OSError, TimeoutError) as error:
                failure = str(error) or type(error).__name__
            if self._overdue():
                raise Unreachable(self._unreachable_message(failure))
            self.report.reconnects += 1
            await asyncio.sleep(backoff * random.uniform(0.5, 1.0))
            backoff = min(MAX_BACKOFF, backoff * 2)

    def _mark_progress(self) -> None:
        self._last_progress = asyncio.get_running_loop().time()

    def _overdue(self) -> bool:
        return asyncio.get_running_loop().time() - self._last_progress > self.progress_deadline

    def _unreachable_message(self, failure: str) -> str:
        report, endpoint = self.report, self.endpoint()
        unknown = report.sent - report.acked - report.refused
        return (
            f"the stream at {endpoint.host}:{endpoint.port} accepted nothing from {self.user} for "
            f"{self.progress_deadline:g} s ({failure}). {report.acked} of {report.sent} frames were acknowledged: "
            f"their beats are kept and processed when the platform is back. The other {unknown} may be "
            "missing. `aura status` shows what is down, `make up` starts it; then repeat the command: it streams new "
            "users."
        )

    async def _exchange(self, socket: ClientConnection, begin: float, finished: asyncio.Event) -> bool:
        """Sends and receives on one connection; True when all frames are acknowledged and the run is finished.

        Raises when the connection breaks, and TimeoutError when it is open but nothing is acknowledged.
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
                        raise TimeoutError("it keeps the connection open and acknowledges nothing")
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
                ack = msgspec.convert(message, Ack)
                if self._complete(ack.ack, None):
                    self.report.count_dropped(ack.dropped)
            elif message.get("type") == "emergency_calm":
                await self._receive_push(socket, msgspec.convert(message, EmergencyCalm))
            elif "error" in message:
                refusal = msgspec.convert(message, Refusal)
                if refusal.seq is not None:
                    self._complete(refusal.seq, refusal)

    def _complete(self, seq: int, refusal: Refusal | None) -> bool:
        """The server has answered the frame; False if it had already."""
        entry = self._unacked.pop(seq, None)
        if entry is None:
            return False
        self._mark_progress()
        if refusal is not None:
            self.report.count_refusal(refusal)
        else:
            self.report.acked += 1
            self.report.ack_ms.append((time.perf_counter() - entry[1]) * 1000)
        self._window_open.set()
        if not self._unacked:
            self._all_acked.set()
        return True

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
