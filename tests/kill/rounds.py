"""A round: users stream, processes are killed, and the results are compared with an uninterrupted run."""

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

USERS = 40
MINUTES = 12.0
SPEED = 80.0
SECONDS = 120.0
"""For streaming and until everything is written; without kills it takes about ten."""
POLL_SECONDS = 0.1

Sent = dict[str, list[Beat]]


class FaultInjector:
    """Executes the kills of a round while users stream; `on_progress` receives their report."""

    def __init__(self, pipeline: BioSync, round_: Round) -> None:
        self.report = Report(0)
        self.log: list[str] = []
        self._pipeline = pipeline
        self._round = round_
        self._work: asyncio.Task[None] | None = None

    def on_progress(self, report: Report) -> None:
        self.report = report
        if self._work is None:
            self._work = asyncio.create_task(self._inject())

    async def done(self) -> None:
        while self._work is None:  # noqa: ASYNC110  the stream calls `on_progress` within a quarter of a second
            await asyncio.sleep(POLL_SECONDS)
        await self._work

    def stop(self) -> None:
        if self._work is not None:
            self._work.cancel()

    async def _inject(self) -> None:
        while self.report.acked < self._round.share * self.report.frames:  # noqa: ASYNC110  counts change all the time
            await asyncio.sleep(0.002)
        for kill in self._round.kills:
            await asyncio.sleep(kill.delay)
            report = self.report
            percent, in_flight = 100 * report.acked / report.frames, report.sent - report.acked
            await asyncio.to_thread(self._pipeline.supervisor.kill, kill.target)
            self.log.append(f"killed {kill.target} at {percent:.0f} % with {in_flight} frames in flight")


async def run_round(pipeline: BioSync, round_: Round) -> str:
    """Runs the round and returns a one-line summary; fails when anything differs."""
    began = time.monotonic()
    await pipeline.ready()
    ended = pipeline.supervisor.ended.copy()
    topics = await asyncio.to_thread(
        Topics, pipeline.bootstrap, [pipeline.spec.source.topic, pipeline.spec.events.topic]
    )
    injector = FaultInjector(pipeline, round_)
    sent: Sent = {}

    async def on_acknowledged(_: Report, beats: Sent) -> None:
        sent.update(beats)
        await injector.done()
        await wait_until_stored(pipeline, beats, injector.report)

    try:
        async with asyncio.timeout(SECONDS):
            report = await stream(
                simulated_users(round_),
                lambda: pipeline.endpoint,
                pipeline.token,
                SPEED,
                on_acknowledged,
                injector.on_progress,
            )
    except TimeoutError:
        report = injector.report  # the comparison reports what is missing
    finally:
        injector.stop()
    await pipeline.ready()  # the last kill may have happened after the last frame
    try:
        rows, events = await asyncio.to_thread(compare, pipeline, topics, sent, report)
    finally:
        topics.close()
    unexpected = pipeline.supervisor.ended - ended - Counter(kill.target for kill in round_.kills)
    return (
        f"{', '.join(injector.log)}; {report.frames} frames, {report.resent} resent; {rows} rows, {events}"
        f" events and pushes are equal ({report.duplicates} duplicate pushes)"
        f"{f'; unexpected ends: {sorted(unexpected)}' if unexpected else ''}; {time.monotonic() - began:.0f} s"
    )


def simulated_users(round_: Round) -> list[SimulatedUser]:
    """New users, who have no history from earlier rounds."""
    random_ = random.Random(round_.seed)
    days = [random_.randrange(1_000_000) for _ in range(USERS)]
    return [
        SimulatedUser(f"{round_.seed}-{n:03d}", synthesise(day_in_minutes(day, MINUTES), day))
        for n, day in enumerate(days)
    ]


async def wait_until_stored(pipeline: BioSync, sent: Sent, report: Report) -> None:
    """Returns when the store has all expected rows, and every event is answered and was pushed."""
    rows, events = await asyncio.to_thread(expected, sent, pipeline.rules)
    while True:
        pushed = {push.event_id for push in report.pushes}
        with suppress(psycopg.OperationalError):  # it may have been killed
            stored_rows, _, answered = await asyncio.to_thread(stored, pipeline.database, list(sent))
            if stored_rows.keys() >= rows.keys() and events.keys() <= answered & pushed:
                return
        await asyncio.sleep(POLL_SECONDS)


def compare(pipeline: BioSync, topics: Topics, sent: Sent, report: Report) -> tuple[int, int]:
    """Fails with the differences; returns the numbers of rows and events that were compared."""
    assert report.refused == 0, f"{report.refused} frames were refused"
    assert report.acked == report.frames == report.sent, f"of {report.frames} frames {report.acked} were acknowledged"
    rows, events = expected(sent, pipeline.rules)
    assert len(events) >= USERS // 4, f"only {len(events)} events are expected: too few for a meaningful round"
    stored_rows, stored_events, answered = stored(pipeline.database, list(sent))
    stored_beats: dict[Any, Any] = {}
    for frame in topics.frames(pipeline.spec.source.topic):
        if frame.user in sent:
            stored_beats |= {(frame.user, t): rr for t, rr in zip(frame.t, frame.rr, strict=True)}
    announced = {event.event_id for event in topics.events(pipeline.spec.events.topic) if event.user in sent}
    pushed = Counter(push.event_id for push in report.pushes)
    differences = [
        difference("acknowledged beats", {(u, t): rr for u, beats in sent.items() for t, rr in beats}, stored_beats),
        difference("rows", rows, stored_rows),
        difference("events", events, stored_events),
        difference("answers", dict.fromkeys(events, 1), dict.fromkeys(answered, 1)),
        difference("announced events", dict.fromkeys(events, 1), dict.fromkeys(announced, 1)),
        difference("pushes", dict.fromkeys(events, 1), dict(pushed)),
    ]
    assert not any(differences), "; ".join(filter(None, differences))
    return len(rows), len(events)
