"""A measurement, and how it is taken."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.dataflow.population import BEATS
from dataflows.biosync.run import gc_tuning


@dataclass(frozen=True)
class Measurement:
    """Beats processed and CPU seconds used; `wall` is 0 where the wall-clock time is meaningless."""

    name: str
    beats: int
    cpu: float
    wall: float = 0.0
    goal: int = 0
    """The target in beats a CPU-second, or 0."""

    @property
    def rate(self) -> float:
        return self.beats / self.cpu

    def row(self) -> str:
        goal = f"{self.goal:12,d}" if self.goal else 12 * " "
        return f"{self.name:44} {self.rate:12,.0f} {goal} {BEATS * 1e6 / self.rate:10.2f}"


HEAD = f"{'':44} {'beats/CPU-s':>12} {'goal':>12} {'us a frame':>10}"


def best(name: str, beats: int, work: Callable[[], object], times: int = 3, goal: int = 0) -> Measurement:
    """The fastest of several runs in this process, with the garbage collector tuned as in a worker: slower runs were
    disturbed."""
    fastest = float("inf")
    gc_tuning.tune()
    for _ in range(times):
        began = time.process_time()
        work()
        fastest = min(fastest, time.process_time() - began)
    return Measurement(name, beats, fastest, goal=goal)
