"""One run, from the first connection to the last acknowledgement and the verdict on topic and store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Thread

from bench.sockets.load.generator import Findings, Tally
from bench.sockets.load.pool import Generators
from bench.sockets.load.population import Crowd
from bench.sockets.measurement import reconnects, verification
from bench.sockets.measurement.usage import Usage, measure
from bench.sockets.system.deployment import Flow
from dataflows.biosync.declared import rules

CONNECT_SECONDS = 600.0
LEAD_SECONDS = 3.0
SAMPLE_SECONDS = 5.0
SETTLE_SECONDS = 180.0

Tell = Callable[[str], None]
Pids = Callable[[], dict[str, list[int]]]


@dataclass(frozen=True)
class Sample:
    """What was seen `at` seconds from the start: records that the dataflow had not read yet, cores since the last."""

    at: float
    lag: float
    tally: Tally
    cores: float


@dataclass(frozen=True)
class Outcome:
    """Everything that was measured. CPU seconds are those from the start to the last frame's acknowledgement."""

    crowd: Crowd
    start: int
    """Unix ms."""
    connect_seconds: float
    held: int
    """Sockets open at the end."""
    seconds: float
    cpu: dict[str, float]
    machine: float
    """CPU seconds of the whole machine."""
    mib: dict[str, float]
    mib_before: dict[str, float]
    samples: list[Sample]
    findings: list[Findings]
    verdict: verification.Verdict

    @property
    def tally(self) -> Tally:
        return sum((found.tally for found in self.findings), Tally())


def run(flow: Flow, pids: Pids, crowd: Crowd, generators: Generators, stormy: bool, tell: Tell) -> Outcome:
    """`pids` are those of everything that is measured. Raises TimeoutError when people cannot connect."""
    before = measure(pids())
    connecting = _connect(crowd, generators, tell)
    start = int((time.time() + LEAD_SECONDS) * 1000)
    generators.tell("start", start)
    generators.tally(start / 1000 - time.time())
    first = last = measure(pids())
    samples: list[Sample] = []
    blows = _blows(flow, generators, tell) if stormy else iter(())
    blow = next(blows, None)
    while (at := time.time() - start / 1000) < crowd.seconds:
        if blow is not None and at >= blow:
            blow = next(blows, None)
        waiting = min(SAMPLE_SECONDS, crowd.seconds - at, *([blow - at] if blow is not None else []))
        tally = generators.tally(max(0.01, waiting))
        sample, last = _sample(flow, pids, start, tally, last, samples)
        samples.append(sample)
        tell(_progress(sample, crowd))
    acked = _until(lambda tally: tally.acked == tally.planned, generators)
    end = measure(pids())
    seconds = time.time() - start / 1000
    tell(f"{acked.acked:,} of {acked.planned:,} frames acknowledged; waiting for the dataflow and the pushes")
    settled = _until(lambda tally: flow.drained(tally.acked) and tally.pushes >= flow.raised(), generators)
    findings = generators.finish()
    verdict = verification.compare(
        crowd, start, rules(flow.spec), flow.kafka.bootstrap, flow.spec.source.topic, flow.database, tell
    )
    return Outcome(
        crowd, start, connecting, settled.connected, seconds,
        end.since(first), end.busy - first.busy, end.mib, before.mib, samples, findings, verdict,
    )  # fmt: skip


def _connect(crowd: Crowd, generators: Generators, tell: Tell) -> float:
    begun = time.monotonic()
    while (tally := generators.tally(1.0)).connected < crowd.users:
        tell(f"connecting: {tally.connected:,} of {crowd.users:,}")
        if time.monotonic() - begun > CONNECT_SECONDS:
            raise TimeoutError(f"{tally.connected} of {crowd.users} are connected after {CONNECT_SECONDS:g} s")
    return time.monotonic() - begun


def _blows(flow: Flow, generators: Generators, tell: Tell) -> Iterator[float]:
    """Yields when the next blow is due, and deals it when asked to go on."""
    yield reconnects.KILL_AT
    victim = flow.ingest[reconnects.VICTIM]
    tell(f"{victim.name} is killed and started again")
    victim.process.kill()
    Thread(target=victim.start, daemon=True).start()
    yield reconnects.DROP_AT
    tell("all sockets are dropped")
    generators.tell("drop")


def _sample(
    flow: Flow, pids: Pids, start: int, tally: Tally, last: Usage, samples: list[Sample]
) -> tuple[Sample, Usage]:
    at, now = time.time() - start / 1000, measure(pids())
    passed = at - (samples[-1].at if samples else 0.0)
    cores = sum(now.since(last).values()) / max(passed, 0.1)
    return Sample(at, flow.biosync.metric("biosync_consumer_lag_records"), tally, cores), now


def _until(holds: Callable[[Tally], bool], generators: Generators) -> Tally:
    """The counts once they hold, or after SETTLE_SECONDS."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        tally = generators.tally(1.1)
        if holds(tally) or time.monotonic() > deadline:
            return tally


def _progress(sample: Sample, crowd: Crowd) -> str:
    tally = sample.tally
    return (
        f"{sample.at:5.0f} of {crowd.seconds:.0f} s: {tally.connected:,} connected, {tally.sent:,} sent,"
        f" {tally.acked:,} acknowledged, lag {sample.lag:.0f} records, {tally.pushes} pushes, {sample.cores:.2f} cores"
    )
