from __future__ import annotations

import asyncio

from operators.controller.workqueue import Key, WorkQueue

KEY = Key("AuraService", "aura", "a")


async def test_reasons_during_a_look_lead_to_exactly_one_more() -> None:
    started, go, looks = asyncio.Event(), asyncio.Event(), 0

    async def look(_: Key) -> float | None:
        nonlocal looks
        looks += 1
        started.set()
        await go.wait()
        return 3600.0

    queue = WorkQueue(look)
    queue.add(KEY)
    await started.wait()
    for _ in range(10):
        queue.add(KEY)
    started.clear()
    go.set()
    await started.wait()
    await asyncio.sleep(0.2)
    assert looks == 2
    await queue.stop()


async def test_a_failure_is_tried_again_and_others_go_on() -> None:
    other, seen, done = Key("AuraService", "aura", "b"), [], asyncio.Event()

    async def look(key: Key) -> float | None:
        seen.append(key)
        if key == KEY and seen.count(KEY) == 1:
            raise RuntimeError("once")
        if seen.count(KEY) == 2:
            done.set()
        return 3600.0

    queue = WorkQueue(look)
    queue.add(KEY)
    queue.add(other)
    await asyncio.wait_for(done.wait(), 10)
    assert other in seen
    await queue.stop()


async def test_what_is_gone_is_forgotten_and_may_come_back() -> None:
    looked = asyncio.Event()

    async def look(_: Key) -> float | None:
        looked.set()
        return None

    queue = WorkQueue(look)
    for _ in range(2):
        looked.clear()
        queue.add(KEY)
        await asyncio.wait_for(looked.wait(), 5)
        await asyncio.sleep(0)
        assert queue.keys() == []
    await queue.stop()
