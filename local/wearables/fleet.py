"""A fleet of wearables in one process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from local.wearables.beats import Beat
from local.wearables.frames import DEVICE, alongside, frames, shifted
from local.wearables.motion import Moved
from local.wearables.report import Report
from local.wearables.wearable import PROGRESS_DEADLINE_SECONDS, StreamEndpoint, Wearable, count_beats

CONNECTS_A_SECOND = 200
LEAD_SECONDS = 1.0


@dataclass(frozen=True)
class SimulatedUser:
    user: str
    beats: list[Beat]
    """With the timestamps of the recording; `stream` shifts them to now."""
    motion: Sequence[Moved] = ()
    """Of the same time."""


async def stream(
    users: list[SimulatedUser],
    endpoint: Callable[[], StreamEndpoint],
    token: Callable[[str], str],
    speed: float,
    on_acknowledged: Callable[[Report, dict[str, list[Beat]]], Awaitable[None]],
    progress: Callable[[Report], None],
    progress_deadline: float = PROGRESS_DEADLINE_SECONDS,
) -> Report:
    """Streams the beats of all users at `speed` times real time; returns the report.

    When all frames are acknowledged, `on_acknowledged` is called with the beats of each user as sent. All users stay
    connected until it returns, because pushes may follow. Raises Unreachable when a wearable has made no progress for
    `progress_deadline` seconds, and what `on_acknowledged` raises.
    """
    loop = asyncio.get_running_loop()
    spread = len(users) / CONNECTS_A_SECOND
    begin = loop.time() + LEAD_SECONDS + spread
    start = time.time() + LEAD_SECONDS + spread
    sent = {each.user: shifted(each.beats, speed, start) for each in users}
    motion = {each.user: alongside(each.motion, each.beats, sent[each.user]) for each in users}
    batches = {user: frames(beats, DEVICE, speed, motion[user]) for user, beats in sent.items()}
    report = Report(len(users), beats=count_beats(batches.values()), frames=sum(map(len, batches.values())))

    finished = asyncio.Event()

    async def run(number: int, user: str) -> None:
        await asyncio.sleep(number / CONNECTS_A_SECOND)
        wearable = Wearable(user, batches[user], endpoint, lambda: token(user), report, progress_deadline)
        await wearable.run(begin, finished)

    async def report_progress() -> None:
        while True:
            progress(report)
            await asyncio.sleep(0.25)

    async def finish() -> None:
        while report.acked + report.refused < report.frames:  # noqa: ASYNC110  counts change with every frame
            await asyncio.sleep(0.05)
        await on_acknowledged(report, sent)
        finished.set()

    reporting = asyncio.create_task(report_progress())
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(finish())
            for number, user in enumerate(batches):
                tasks.create_task(run(number, user))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    finally:
        reporting.cancel()
    progress(report)
    return report
