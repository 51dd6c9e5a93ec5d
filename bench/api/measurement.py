"""One row: a route under a closed loop, for its cost, and under an open loop, for its latencies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bench.api.load.generator import Closed, Generator, Open, generator
from bench.api.load.schedule import Recording
from bench.api.system import System
from bench.api.targets import CONCURRENCY, GATEWAY, Target
from bench.system.usage import measure, waited

SLICES = 3
"""Of the closed loop; the one with the least CPU time a request counts: the others were disturbed."""
WARM_SECONDS = 1.0


@dataclass(frozen=True)
class Slice:
    """CPU seconds are user and system time; those of the gateway are 0 without one."""

    requests: int
    seconds: float
    service: float
    gateway: float
    generator: float

    @property
    def a_cpu_second(self) -> float:
        """Requests a CPU-second of the service."""
        return self.requests / self.service

    @property
    def a_gateway_second(self) -> float | None:
        return self.requests / self.gateway if self.gateway else None


@dataclass(frozen=True)
class Latency:
    """Of an open loop, in ms; `behind_ms` is the 99th percentile of how late the generator was itself.

    `rate` calls a second were to be made, `answered` were: far fewer say that the service does not hold the rate, and
    that the latencies are those of a queue. The last two are the share of the time in which the process could run and
    had no core: a machine that others use, which is in the latencies.
    """

    rate: float
    answered: float
    p50_ms: float
    p99_ms: float
    behind_ms: float
    service_waited: float
    generator_waited: float


@dataclass(frozen=True)
class Row:
    """Without figures if any answer was wrong; `wrong` has the answers then, by how often they came."""

    name: str
    title: str
    way: str
    cost: Slice | None = None
    latency: Latency | None = None
    answers: int = 0
    wrong: Counter[str] = field(default_factory=Counter)

    @property
    def key(self) -> str:
        return f"{self.name} {self.way}"


def take(system: System, target: Target, way: str, seconds: float) -> Row:
    """Measures for `seconds` under each loop; raises GeneratorFailed."""
    pid = system.programs[target.program].process.pid()
    assert pid is not None  # it has answered
    with generator(target.calls(way)) as load:
        recordings = [load.load(Closed(CONCURRENCY, WARM_SECONDS))]
        processes = {"service": [pid], "generator": [load.pid]}
        processes["gateway"] = system.gateways.pids if way == GATEWAY else []
        slices: list[Slice] = []
        for _ in range(SLICES):
            recording, one = _slice(load, processes, seconds / SLICES)
            recordings.append(recording)
            slices.append(one)
        before = waited(pid), waited(load.pid)
        recordings.append(last := load.load(Open(target.rate, seconds)))
        since = waited(pid) - before[0], waited(load.pid) - before[1]
    wrong = sum((recording.wrong for recording in recordings), Counter[str]())
    answers = sum(len(recording.latency_ms) for recording in recordings) + wrong.total()
    if wrong:
        return Row(target.name, target.title, way, answers=answers, wrong=wrong)
    cost = max(slices, key=lambda one: one.a_cpu_second)
    return Row(target.name, target.title, way, cost, latency(target.rate, last, since), answers)


def latency(rate: float, recording: Recording, without_core: tuple[float, float] = (0.0, 0.0)) -> Latency:
    """The figures of an open loop; `without_core` are seconds of the service and of the generator."""
    return Latency(
        rate,
        round(len(recording.latency_ms) / recording.seconds, 1),
        _percentile(recording.latency_ms, 50),
        _percentile(recording.latency_ms, 99),
        _percentile(recording.behind_ms, 99),
        round(without_core[0] / recording.seconds, 3),
        round(without_core[1] / recording.seconds, 3),
    )


def _slice(load: Generator, processes: Mapping[str, Sequence[int]], seconds: float) -> tuple[Recording, Slice]:
    before = measure(processes)
    recording = load.load(Closed(CONCURRENCY, seconds))
    spent = measure(processes).since(before)
    answers = len(recording.latency_ms)
    return recording, Slice(answers, recording.seconds, spent["service"], spent["gateway"], spent["generator"])


def _percentile(values: Sequence[float], percent: float) -> float:
    return round(float(np.percentile(values, percent)), 2)
