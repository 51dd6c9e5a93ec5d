"""When calls are made. Closed loop: each answer is followed by the next call. Open loop: at fixed moments, whatever
the answers are, so that a slow answer delays no later call (the error that is called coordinated omission)."""

from __future__ import annotations

import asyncio
from array import array
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

from bench.api.load.calls import WrongAnswer

EARLY_SECONDS = 0.0005
"""A call may be made so much early: timers of the event loop have whole milliseconds."""


class Caller(Protocol):
    """Makes one call at a time."""

    async def call(self) -> None:
        """Raises WrongAnswer."""
        ...

    async def close(self) -> None: ...


@dataclass
class Recording:
    """Of calls within `seconds`. `latency_ms` is from when a call was to be made in the generator until its answer was
    complete; `behind_ms`, in an open loop, from its moment in the schedule until then. Wrong answers by their text."""

    latency_ms: array[float] = field(default_factory=lambda: array("f"))
    behind_ms: array[float] = field(default_factory=lambda: array("f"))
    wrong: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Load:
    """Callers take turns, the one that rested longest first; without a free one a call waits, which counts as its
    latency."""

    def __init__(self, callers: Sequence[Caller]) -> None:
        self._idle = deque(callers)
        self._waiting: deque[asyncio.Future[Caller]] = deque()

    async def closed(self, concurrency: int, seconds: float) -> Recording:
        """`concurrency` calls are open at any time, for `seconds`; returns when all are answered."""
        recording, began = Recording(), perf_counter()

        async def repeat() -> None:
            while perf_counter() - began < seconds:
                await self._call(recording, perf_counter())

        await asyncio.gather(*(repeat() for _ in range(concurrency)))
        recording.seconds = perf_counter() - began
        return recording

    async def open(self, rate: float, seconds: float) -> Recording:
        """`rate` calls a second, evenly, for `seconds`; returns when all are answered."""
        recording, began = Recording(), perf_counter()
        calls: set[asyncio.Task[None]] = set()
        for number in range(int(rate * seconds)):
            due = began + number / rate
            if (early := due - perf_counter()) > EARLY_SECONDS:
                await asyncio.sleep(early)
            now = perf_counter()
            recording.behind_ms.append(max(0.0, now - due) * 1000)
            call = asyncio.create_task(self._call(recording, now))
            calls.add(call)
            call.add_done_callback(calls.discard)
            if not number % 16:  # a generator that is behind must still read answers
                await asyncio.sleep(0)
        await asyncio.gather(*calls)
        recording.seconds = perf_counter() - began
        return recording

    async def _call(self, recording: Recording, since: float) -> None:
        caller = await self._take()
        try:
            await caller.call()
            recording.latency_ms.append((perf_counter() - since) * 1000)
        except WrongAnswer as error:
            recording.wrong[str(error)] += 1
        finally:
            self._give(caller)

    async def _take(self) -> Caller:
        if self._idle:
            return self._idle.popleft()
        waiting: asyncio.Future[Caller] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        return await waiting

    def _give(self, caller: Caller) -> None:
        if self._waiting:
            self._waiting.popleft().set_result(caller)
        else:
            self._idle.append(caller)
