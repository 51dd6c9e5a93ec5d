"""A round: people stream, processes die, and what is there at the end is held against an uninterrupted run."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from contextlib import suppress
from typing import Any

import psycopg

from local.wearables.beats import Beat, day_in_minutes, synthesise
from local.wearables.fleet import SimulatedUser, stream
from local.wearables.report import Report
from tests.kill.pipeline import BioSync
from tests.kill.plan import Round
from tests.kill.results import Topics, difference, expected, stored

PEOPLE = 40
MINUTES = 12.0
SPEED = 80.0
SECONDS = 120.0
"""For streaming and for all to be written; undisturbed it takes about ten."""
POLL_SECONDS = 0.1

Sent = dict[str, list[Beat]]


class FaultInjector:
    """Strikes the blows of a round while people stream; `look` is given their report as it grows."""

    def __init__(self, path: BioSync, round_: Round) -> None:
        self.report = Report(0)
        self.log: list[str] = []
        self._path = path
        self._round = round_
        self._work: asyncio.Task[None] | None = None

    def on_progress(self, report: Report) -> None:
        self.report = report
        if self._work is None:
            self._work = asyncio.create_task(self._inject())

    async def done(self) -> None:
        while self._work is None:  # noqa: ASYNC110  the stream calls `look` within a quarter of a second
            await asyncio.sleep(POLL_SECONDS)
        await self._work

    def stop(self) -> None:
        if self._work is not None:
            self._work.cancel()

    async def _inject(self) -> None:
        while self.report.acked < self._round.share * self.report.frames:  # noqa: ASYNC110  counts change all the time
            await asyncio.sleep(0.002)
        for blow in self._round.kills:
            await asyncio.sleep(blow.delay)
            report = self.report
            done, flying = 100 * report.acked / report.frames, report.sent - report.acked
            await asyncio.to_thread(self._path.supervisor.kill, blow.target)
            self.log.append(f"killed {blow.target} at {done:.0f} % with {flying} frames in flight")


async def play(path: BioSync, round_: Round) -> str:
    """Plays it and gives what happened in a line; fails when anything differs."""
    began = time.monotonic()
    await path.ready()
    ended = path.supervisor.ended.copy()
    topics = await asyncio.to_thread(Topics, path.bootstrap, [path.spec.source.topic, path.spec.events.topic])
    executioner = FaultInjector(path, round_)
    sent: Sent = {}

    async def settled(_: Report, beats: Sent) -> None:
        sent.update(beats)
        await executioner.done()
        await settle(path, beats, executioner.report)

    try:
        async with asyncio.timeout(SECONDS):
            report = await stream(people(round_), path.endpoint, path.token, SPEED, settled, executioner.on_progress)
    except TimeoutError:
        report = executioner.report  # what is missing is for the comparison to say
    finally:
        executioner.stop()
    await path.ready()  # the last blow may have fallen after the last frame
    try:
        rows, events = await asyncio.to_thread(compare, path, topics, sent, report)
    finally:
        topics.close()
    others = path.supervisor.ended - ended - Counter(blow.target for blow in round_.kills)
    return (
        f"{', '.join(executioner.log)}; {report.frames} frames, {report.resent} sent again; {rows} rows, {events}"
        f" events and as many pushes equal ({report.duplicates} pushes came again and were not shown)"
        f"{f'; ended by themselves: {sorted(others)}' if others else ''}; {time.monotonic() - began:.0f} s"
    )


def people(round_: Round) -> list[SimulatedUser]:
    """People who never streamed before."""
    random_ = random.Random(round_.seed)
    days = [random_.randrange(1_000_000) for _ in range(PEOPLE)]
    return [
        SimulatedUser(f"{round_.seed}-{n:03d}", synthesise(day_in_minutes(day, MINUTES), day))
        for n, day in enumerate(days)
    ]


async def settle(path: BioSync, sent: Sent, report: Report) -> None:
    """Returns when the store holds as much as it must, every event is answered and was pushed."""
    rows, events = await asyncio.to_thread(expected, sent, path.rules)
    while True:
        pushed = {push.event_id for push in report.pushes}
        with suppress(psycopg.OperationalError):  # it may be the one that was killed
            stored_rows, _, answered = await asyncio.to_thread(stored, path.database, list(sent))
            if stored_rows.keys() >= rows.keys() and events.keys() <= answered & pushed:
                return
        await asyncio.sleep(POLL_SECONDS)


def compare(path: BioSync, topics: Topics, sent: Sent, report: Report) -> tuple[int, int]:
    """Fails naming what differs; gives how many rows and events were compared."""
    assert report.refused == 0, f"{report.refused} frames were refused"
    assert report.acked == report.frames == report.sent, f"of {report.frames} frames {report.acked} were acknowledged"
    rows, events = expected(sent, path.rules)
    assert len(events) >= PEOPLE // 4, f"only {len(events)} events are due: the round would prove little"
    stored_rows, stored_events, answered = stored(path.database, list(sent))
    kept: dict[Any, Any] = {}
    for frame in topics.frames(path.spec.source.topic):
        if frame.user in sent:
            kept |= {(frame.user, t): rr for t, rr in zip(frame.t, frame.rr, strict=True)}
    announced = {event.event_id for event in topics.events(path.spec.events.topic) if event.user in sent}
    pushed = Counter(push.event_id for push in report.pushes)
    differences = [
        difference("acknowledged beats", {(u, t): rr for u, beats in sent.items() for t, rr in beats}, kept),
        difference("rows", rows, stored_rows),
        difference("events", events, stored_events),
        difference("answers", dict.fromkeys(events, 1), dict.fromkeys(answered, 1)),
        difference("announced events", dict.fromkeys(events, 1), dict.fromkeys(announced, 1)),
        difference("pushes", dict.fromkeys(events, 1), dict(pushed)),
    ]
    assert not any(differences), "; ".join(filter(None, differences))
    return len(rows), len(events)
