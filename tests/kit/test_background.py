"""Work beside the requests of a process ends with it, or ends it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from services.kit.background import running


@pytest.fixture
async def terminated() -> AsyncIterator[asyncio.Event]:
    """Set when this process gets SIGTERM."""
    event, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, event.set)
    yield event
    loop.remove_signal_handler(signal.SIGTERM)


async def fails() -> None:
    raise RuntimeError("a bug")


async def returns() -> None:
    """Although it was to run for as long as the process serves."""


async def is_cancelled() -> None:
    """By a library that it has called."""
    raise asyncio.CancelledError


@pytest.mark.parametrize("work", [fails, returns, is_cancelled])
async def test_work_that_ends_ends_the_process(
    terminated: asyncio.Event, work: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    async with running(work()), asyncio.timeout(10):
        await terminated.wait()


async def test_work_that_ends_with_the_block_does_not_end_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    signals: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _, number: signals.append(number))
    async with running(asyncio.sleep(3600)):
        await asyncio.sleep(0)
    await asyncio.sleep(0)  # in which callbacks of the tasks would run
    assert signals == []
