"""A measurement, and how it is taken."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.dataflow.population import BEATS
from dataflows.biosync.run.gc import tune


@dataclass(frozen=True)
class Measurement:
    """So many beats in so many CPU seconds; `wall` is 0 where it says nothing."""

    name: str
    beats: int
    cpu: float
    wall: float = 0.0
    goal: int = 0
    """Beats a CPU-second that are aimed at, or 0."""

    @property
    def rate(self) -> float:
        return self.beats / self.cpu

    def row(self) -> str:
        goal = f"{self.goal:12,d}" if self.goal else 12 * " "
        return f"{self.name:44} {self.rate:12,.0f} {goal} {BEATS * 1e6 / self.rate:10.2f}"


HEAD = f"{'':44} {'beats/CPU-s':>12} {'goal':>12} {'us a frame':>10}"


def best(name: str, beats: int, work: Callable[[], object], times: int = 3, goal: int = 0) -> Measurement:
    """The quickest of several runs in this process, which collects garbage as a worker does: slower ones were
    disturbed."""
    quickest = float("inf")
    tune()
    for _ in range(times):
        began = time.process_time()
        work()
        quickest = min(quickest, time.process_time() - began)
    return Measurement(name, beats, quickest, goal=goal)
