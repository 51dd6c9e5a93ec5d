from __future__ import annotations

import asyncio

import pytest

from operators.controller.workqueue import Key, WorkQueue

KEY = Key("AuraService", "aura", "a")


async def test_events_during_a_reconcile_lead_to_exactly_one_more() -> None:
    started, go, count = asyncio.Event(), asyncio.Event(), 0

    async def reconcile(_: Key) -> float | None:
        nonlocal count
        count += 1
        started.set()
        await go.wait()
        return 3600.0

    queue = WorkQueue(reconcile)
    queue.add(KEY)
    await started.wait()
    for _ in range(10):
        queue.add(KEY)
    started.clear()
    go.set()
    await started.wait()
    await asyncio.sleep(0.2)
    assert count == 2
    await queue.stop()


async def test_a_failure_is_retried_and_other_keys_are_reconciled() -> None:
    other, reconciled, done = Key("AuraService", "aura", "b"), [], asyncio.Event()

    async def reconcile(key: Key) -> float | None:
        reconciled.append(key)
        if key == KEY and reconciled.count(KEY) == 1:
            raise RuntimeError("once")
        if reconciled.count(KEY) == 2:
            done.set()
        return 3600.0

    queue = WorkQueue(reconcile)
    queue.add(KEY)
    queue.add(other)
    await asyncio.wait_for(done.wait(), 10)
    assert other in reconciled
    await queue.stop()


async def test_a_deleted_resource_is_forgotten_and_may_be_created_again() -> None:
    called = asyncio.Event()

    async def reconcile(_: Key) -> float | None:
        called.set()
        return None

    queue = WorkQueue(reconcile)
    for _ in range(2):
        called.clear()
        queue.add(KEY)
        await asyncio.wait_for(called.wait(), 5)
        await asyncio.sleep(0)
        assert queue.keys() == []
    await queue.stop()


@pytest.mark.parametrize("steps", range(6))
async def test_a_queue_stops_when_an_event_comes_at_the_same_moment(steps: int) -> None:
    reconciled = asyncio.Event()

    async def reconcile(_: Key) -> float | None:
        reconciled.set()
        return 3600.0

    queue = WorkQueue(reconcile)
    queue.add(KEY)
    await reconciled.wait()
    await asyncio.sleep(0)
    queue.add(KEY)
    for _ in range(steps):
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await queue.stop()
