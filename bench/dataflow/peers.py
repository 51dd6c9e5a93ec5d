"""Other implementations of the same rolling measures, for comparison: a plain deque, and bytewax's own windows."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from math import sqrt

import bytewax.operators as op
import bytewax.operators.windowing as win
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, TestingSource, run_main

from bench.dataflow.measurement import Measurement, best
from bench.dataflow.population import Population

_WINDOW, _EVERY = 60_000, 10_000


def plain(population: Population) -> Measurement:
    """A deque of the last minute's beats a person and running sums: no cleansing, no reordering, no events."""

    def work() -> None:
        people: dict[str, _Plain] = {}
        for frame in population.frames:
            person = people.get(frame.user)
            if person is None:
                person = people[frame.user] = _Plain()
            for t, rr in zip(frame.t, frame.rr, strict=True):
                person.beat(t, rr)

    return best("peer: plain deque loop, measures only", population.beats, work)


def fold_window(population: Population) -> Measurement:
    """bytewax's sliding windows, a beat an item, keyed by person: the same measures, from memory."""
    beats = [
        (frame.user, (datetime.fromtimestamp(t / 1000, UTC), rr))
        for frame in population.frames
        for t, rr in zip(frame.t, frame.rr, strict=True)
    ]
    start = min(at for _, (at, _) in beats)

    def work() -> None:
        flow = Dataflow("peer")
        items = op.input("beats", flow, TestingSource(beats, batch_size=500))
        windows = win.fold_window(
            "windows",
            items,
            win.EventClock(ts_getter=lambda beat: beat[0], wait_for_system_duration=timedelta(seconds=0)),
            win.SlidingWindower(
                length=timedelta(milliseconds=_WINDOW), offset=timedelta(milliseconds=_EVERY), align_to=start
            ),
            lambda: (0, 0.0, 0.0, 0.0, 0, 0.0, 0),
            _fold,
            lambda a, _: a,
        )
        measured = op.map("measures", windows.down, lambda item: (item[0], _measures(*item[1][1])))
        op.output("out", measured, TestingSink([]))
        run_main(flow)

    return best("peer: bytewax fold_window, measures only", len(beats), work, 1)


_Sums = tuple[int, float, float, float, int, float, int]
"""Beats, sum of intervals and of squares, the last; differences, sum of their squares, how many exceed 50 ms."""


def _fold(sums: _Sums, beat: tuple[datetime, float]) -> _Sums:
    n, s, q, last, m, e, k = sums
    rr = beat[1]
    if n:
        d = rr - last
        m, e, k = m + 1, e + d * d, k + (abs(d) > 50.0)
    return n + 1, s + rr, q + rr * rr, rr, m, e, k


def _measures(n: int, s: float, q: float, _last: float, m: int, e: float, k: int) -> tuple[float, ...] | None:
    if n < 2 or not m:
        return None
    return 60_000.0 * n / s, sqrt(e / m), sqrt(max(0.0, (q - s * s / n) / (n - 1))), 100.0 * k / m


class _Plain:
    def __init__(self) -> None:
        self.beats: deque[tuple[int, float, float]] = deque()
        self.s = self.q = self.e = 0.0
        self.k = self.end = 0
        self.measures: tuple[float, ...] | None = None

    def beat(self, t: int, rr: float) -> None:
        beats = self.beats
        if t >= self.end:
            self._close(t)
        d = rr - beats[-1][1] if beats else 0.0
        beats.append((t, rr, d))
        self.s += rr
        self.q += rr * rr
        self.e += d * d
        self.k += d > 50.0 or d < -50.0

    def _close(self, t: int) -> None:
        beats, oldest = self.beats, self.end - _WINDOW
        while beats and beats[0][0] < oldest:
            _, rr, d = beats.popleft()
            self.s -= rr
            self.q -= rr * rr
            self.e -= d * d
            self.k -= d > 50.0 or d < -50.0
        n = len(beats)
        if n:
            self.measures = _measures(n, self.s, self.q, 0.0, n - 1, max(0.0, self.e), self.k)
        self.end = t - t % _EVERY + _EVERY
