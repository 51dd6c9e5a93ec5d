"""Many wearables at once, in one process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from local.wearables.beats import Beat
from local.wearables.frames import frames, shifted
from local.wearables.report import Report
from local.wearables.wearable import Door, Wearable, total

CONNECTS_A_SECOND = 200
LEAD_SECONDS = 1.0


class Waiting(Protocol):
    """Whether those who have sent everything should stay for pushes that may still come; asked now and then."""

    def __call__(self, report: Report) -> bool: ...


@dataclass(frozen=True)
class Person:
    user: str
    beats: list[Beat]
    """In the clock of the recording; `stream` moves them to now."""


async def stream(
    people: list[Person],
    door: Door,
    token: Callable[[str], str],
    speed: float,
    waiting: Waiting,
    progress: Callable[[Report], None],
) -> tuple[Report, dict[str, list[Beat]]]:
    """Streams everybody's beats at `speed` times life; gives what was seen and the beats as they were sent."""
    loop = asyncio.get_running_loop()
    spread = len(people) / CONNECTS_A_SECOND
    begin = loop.time() + LEAD_SECONDS + spread
    start = time.time() + LEAD_SECONDS + spread
    sent = {person.user: shifted(person.beats, speed, start) for person in people}
    batches = {user: frames(beats, "wearable-1", speed) for user, beats in sent.items()}
    report = Report(len(people), beats=total(batches.values()), frames=sum(map(len, batches.values())))

    async def live(number: int, user: str) -> None:
        await asyncio.sleep(number / CONNECTS_A_SECOND)
        wearable = Wearable(user, batches[user], door, lambda: token(user), report)
        await wearable.run(begin, lambda: waiting(report))

    async def tell() -> None:
        while True:
            progress(report)
            await asyncio.sleep(0.25)

    telling = asyncio.create_task(tell())
    try:
        async with asyncio.TaskGroup() as crowd:
            for number, user in enumerate(batches):
                crowd.create_task(live(number, user))
    finally:
        telling.cancel()
    progress(report)
    return report, sent
