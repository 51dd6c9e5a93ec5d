"""Many wearables at once, in one process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from local.wearables.beats import Beat
from local.wearables.frames import frames, shifted
from local.wearables.report import Report
from local.wearables.wearable import PROGRESS_DEADLINE_SECONDS, StreamEndpoint, Wearable, count_beats

CONNECTS_A_SECOND = 200
LEAD_SECONDS = 1.0


@dataclass(frozen=True)
class SimulatedUser:
    user: str
    beats: list[Beat]
    """In the clock of the recording; `stream` moves them to now."""


async def stream(
    users: list[SimulatedUser],
    endpoint: StreamEndpoint,
    token: Callable[[str], str],
    speed: float,
    on_acknowledged: Callable[[Report, dict[str, list[Beat]]], Awaitable[None]],
    progress: Callable[[Report], None],
    progress_deadline: float = PROGRESS_DEADLINE_SECONDS,
) -> Report:
    """Streams everybody's beats at `speed` times life; gives what was seen.

    Once all is acknowledged, everybody stays connected until `settled`, which is given
    the beats of each user as they were sent, returns: a push may still be on its way.
    Raises Unreachable when nothing was taken from somebody for `patience` seconds, and what `settled` raises.
    """
    loop = asyncio.get_running_loop()
    spread = len(users) / CONNECTS_A_SECOND
    begin = loop.time() + LEAD_SECONDS + spread
    start = time.time() + LEAD_SECONDS + spread
    sent = {person.user: shifted(person.beats, speed, start) for person in users}
    batches = {user: frames(beats, "wearable-1", speed) for user, beats in sent.items()}
    report = Report(len(users), beats=count_beats(batches.values()), frames=sum(map(len, batches.values())))

    finished = asyncio.Event()

    async def live(number: int, user: str) -> None:
        await asyncio.sleep(number / CONNECTS_A_SECOND)
        wearable = Wearable(user, batches[user], endpoint, lambda: token(user), report, progress_deadline)
        await wearable.run(begin, finished)

    async def tell() -> None:
        while True:
            progress(report)
            await asyncio.sleep(0.25)

    async def finish() -> None:
        while report.acked + report.refused < report.frames:  # noqa: ASYNC110  counts change with every frame
            await asyncio.sleep(0.05)
        await on_acknowledged(report, sent)
        finished.set()

    telling = asyncio.create_task(tell())
    try:
        async with asyncio.TaskGroup() as crowd:
            crowd.create_task(finish())
            for number, user in enumerate(batches):
                crowd.create_task(live(number, user))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    finally:
        telling.cancel()
    progress(report)
    return report
