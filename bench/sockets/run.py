"""One run, from the first connection to the last acknowledgement and the verification of topic and store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Thread

from bench.sockets.load.pool import GeneratorPool
from bench.sockets.load.population import Population
from bench.sockets.load.recording import Recording, Tally
from bench.sockets.measurement import reconnects
from bench.sockets.measurement.verification import Verification, verify
from bench.sockets.system.deployment import Deployment
from bench.system.usage import Usage, measure
from dataflows.biosync.signal.spec import rules_from_spec

CONNECT_TIMEOUT_SECONDS = 600.0
START_DELAY_SECONDS = 3.0
SAMPLE_SECONDS = 5.0
SETTLE_TIMEOUT_SECONDS = 180.0

Progress = Callable[[str], None]
Pids = Callable[[], dict[str, list[int]]]


@dataclass(frozen=True)
class Sample:
    """Measured `at` seconds from the start: consumer lag in records, counters, cores since the last sample."""

    at: float
    lag: float
    tally: Tally
    cores: float


@dataclass(frozen=True)
class Outcome:
    """All measurements of a run. CPU seconds are from the start to the last frame's acknowledgement."""

    population: Population
    start: int
    """Unix ms."""
    connect_seconds: float
    connected: int
    """Sockets connected at the end."""
    seconds: float
    cpu: dict[str, float]
    machine: float
    """CPU seconds of the whole machine."""
    mib: dict[str, float]
    mib_before: dict[str, float]
    samples: list[Sample]
    recordings: list[Recording]
    verification: Verification

    @property
    def tally(self) -> Tally:
        return sum((found.tally for found in self.recordings), Tally())


def run(
    deployment: Deployment,
    pids: Pids,
    population: Population,
    generators: GeneratorPool,
    storm: bool,
    progress: Progress,
) -> Outcome:
    """`pids` are all measured processes. Raises TimeoutError if users cannot connect."""
    before = measure(pids())
    connecting = _connect(population, generators, progress)
    start = int((time.time() + START_DELAY_SECONDS) * 1000)
    generators.send("start", start)
    generators.tally(start / 1000 - time.time())
    first = last = measure(pids())
    samples: list[Sample] = []
    disruptions = _disruptions(deployment, generators, progress) if storm else iter(())
    next_at = next(disruptions, None)
    while (at := time.time() - start / 1000) < population.seconds:
        if next_at is not None and at >= next_at:
            next_at = next(disruptions, None)
        waiting = min(SAMPLE_SECONDS, population.seconds - at, *([next_at - at] if next_at is not None else []))
        tally = generators.tally(max(0.01, waiting))
        sample, last = _sample(deployment, pids, start, tally, last, samples)
        samples.append(sample)
        progress(_progress_line(sample, population))
    acked = _wait_until(lambda tally: tally.acked == tally.planned, generators)
    end = measure(pids())
    seconds = time.time() - start / 1000
    progress(f"{acked.acked:,} of {acked.planned:,} frames acknowledged; waiting for the dataflow and the pushes")
    settled = _wait_until(
        lambda tally: deployment.is_drained(tally.acked) and tally.pushes >= deployment.events_raised(), generators
    )
    recordings = generators.finish()
    verification = verify(
        population,
        start,
        rules_from_spec(deployment.spec),
        deployment.stores.kafka_client,
        deployment.spec.source.topic,
        deployment.stores.database,
        progress,
    )
    return Outcome(
        population, start, connecting, settled.connected, seconds,
        end.since(first), end.machine_seconds - first.machine_seconds, end.mib, before.mib,
        samples, recordings, verification,
    )  # fmt: skip


def _connect(population: Population, generators: GeneratorPool, progress: Progress) -> float:
    begun = time.monotonic()
    while (tally := generators.tally(1.0)).connected < population.users:
        progress(f"connecting: {tally.connected:,} of {population.users:,}")
        if time.monotonic() - begun > CONNECT_TIMEOUT_SECONDS:
            raise TimeoutError(
                f"{tally.connected} of {population.users} are connected after {CONNECT_TIMEOUT_SECONDS:g} s"
            )
    return time.monotonic() - begun


def _disruptions(deployment: Deployment, generators: GeneratorPool, progress: Progress) -> Iterator[float]:
    """Yields the time of each disruption, and causes it when resumed."""
    yield reconnects.KILL_AT
    killed = deployment.ingest[reconnects.KILLED_PROCESS]
    progress(f"{killed.name} is killed and started again")
    killed.process.kill()
    Thread(target=killed.start, daemon=True).start()
    yield reconnects.DROP_AT
    progress("all sockets are dropped")
    generators.send("drop")


def _sample(
    deployment: Deployment, pids: Pids, start: int, tally: Tally, last: Usage, samples: list[Sample]
) -> tuple[Sample, Usage]:
    at, now = time.time() - start / 1000, measure(pids())
    passed = at - (samples[-1].at if samples else 0.0)
    cores = sum(now.since(last).values()) / max(passed, 0.1)
    return Sample(at, deployment.biosync.metric("biosync_consumer_lag_records"), tally, cores), now


def _wait_until(condition: Callable[[Tally], bool], generators: GeneratorPool) -> Tally:
    """The counters once the condition holds, or after SETTLE_TIMEOUT_SECONDS."""
    deadline = time.monotonic() + SETTLE_TIMEOUT_SECONDS
    while True:
        tally = generators.tally(1.1)
        if condition(tally) or time.monotonic() > deadline:
            return tally


def _progress_line(sample: Sample, population: Population) -> str:
    tally = sample.tally
    return (
        f"{sample.at:5.0f} of {population.seconds:.0f} s: {tally.connected:,} connected, {tally.sent:,} sent,"
        f" {tally.acked:,} acknowledged, lag {sample.lag:.0f} records, {tally.pushes} pushes, {sample.cores:.2f} cores"
    )
