"""One connection between two regions: both directions, late by the latency, and still while the regions are cut."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

_CHUNK = 1 << 16
_CHUNKS = 512
"""Of a direction that are under way at most: 32 MiB, more than a TCP connection with large windows has on a line."""
_LOOK_SECONDS = 0.05
"""Between two looks whether a cut is over."""


@dataclass(frozen=True)
class Distance:
    """What is between the two regions, as it is at the moment."""

    one_way: Callable[[], float]
    """Seconds."""
    passes: Callable[[], bool]
    """Whether anything arrives."""

    async def until_it_passes(self) -> None:
        while not self.passes():  # noqa: ASYNC110  another process decides it
            await asyncio.sleep(_LOOK_SECONDS)


@dataclass
class _Direction:
    distance: Distance
    since: float
    """When the first byte can have been sent, on the monotonic clock."""
    under_way: asyncio.Queue[tuple[float, bytes]] = field(default_factory=lambda: asyncio.Queue(_CHUNKS))
    """With the moment of arrival; an empty one is the end."""
    ended: bool = False
    """Whether the sender has sent all, or is gone."""

    async def enter(self, reader: asyncio.StreamReader) -> None:
        data = b"more"
        while data:
            try:
                data = await reader.read(_CHUNK)
            except OSError:  # reset: for who is at the other end it is over as well
                data = b""
            self.ended = not data
            sent = max(time.monotonic(), self.since)
            await self.under_way.put((sent + self.distance.one_way(), data))

    async def leave(self, writer: asyncio.StreamWriter) -> None:
        while True:
            due, data = await self.under_way.get()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self.distance.until_it_passes()
            if not data:
                writer.write_eof()
                return
            writer.write(data)
            await writer.drain()


async def forward(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int, distance: Distance
) -> None:
    """Carries a connection to `host`:`port` until both ends have closed it, or one has reset it.

    While nothing passes, nothing arrives and nobody is told: so looks a network that is cut.
    """
    handshake = 2 * distance.one_way()
    since = time.monotonic() + handshake
    there, back = _Direction(distance, since), _Direction(distance, since)
    entering = asyncio.create_task(there.enter(reader))
    ends = [writer]
    try:
        await asyncio.sleep(handshake)
        while not distance.passes():
            if there.ended:
                return  # it has given up
            await asyncio.sleep(_LOOK_SECONDS)
        answers, to = await asyncio.open_connection(host, port)
        ends.append(to)
        with suppress(ExceptionGroup):  # of OSError: an end is gone
            async with asyncio.TaskGroup() as parts:
                parts.create_task(back.enter(answers))
                parts.create_task(there.leave(to))
                parts.create_task(back.leave(writer))
        await distance.until_it_passes()
    except OSError:  # nobody listens there
        pass
    finally:
        entering.cancel()
        for end in ends:
            end.close()
