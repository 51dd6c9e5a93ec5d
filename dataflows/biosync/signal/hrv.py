"""Time-domain heart-rate variability over a rolling window, in buckets: O(1) a beat.

Definitions: Task Force of the European Society of Cardiology, "Heart rate variability", Circulation 1996; 93:1043,
table 1. RMSSD and pNN50 are over the differences of successive normal intervals that both lie in the window; SDNN is
the sample standard deviation (n - 1). Mean heart rate is 60,000 over the mean interval: of the normal intervals, or of
all in range where most are irregular, since every rhythm has a rate.
"""

from __future__ import annotations

from math import sqrt

import msgspec

from dataflows.biosync.signal.cleanse import Beat

MIN_BEATS = 15
"""A quarter of a minute at 60 a minute: the mean of fewer is not worth storing."""
MIN_DIFFERENCES = 10
LEAST_REGULAR = 0.75
"""Share of the beats in range that must be regular: with fewer it is no sinus rhythm. Of the events on the recordings
(docs/detection.md) none had less than 0.79, and intervals at random between 450 and 1100 ms have 0.5."""
_SQUARE_50 = 2500.0
"""ms squared: a difference counts for pNN50 when its square exceeds this."""

Bucket = tuple[int, float, float, int, float, int, int, float, int]
"""Beats, sum of intervals and of their squares; differences, sum of their squares, how many exceed 50 ms; and the same
three for the one difference that reaches back before the bucket."""
EMPTY: Bucket = (0, 0.0, 0.0, 0, 0.0, 0, 0, 0.0, 0)
Unused = tuple[int, float, int]
"""Of a bucket, beside its beats: irregular beats, the sum of their intervals, and beats that were dropped."""


class Window(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """Measures of the window that ends at `at` (Unix ms): beats a minute, ms, ms, per cent; None: too few beats."""

    at: int
    hr: float | None
    rmssd: float | None
    sdnn: float | None
    pnn50: float | None
    beats: int
    quality: float
    """Sum of the regular intervals by the window's length, at most 1; 0 where fewer than LEAST_REGULAR of the beats in
    range are regular."""
    dropped: int = 0
    """Beats within the window that are not among `beats`: irregular, or dropped while one of its buckets was open."""


ClosedWindow = tuple[int, Window, int, float, bool]
"""Time of the beat that closed the window, the window, of the regular intervals in its last `every` their number and
their sum in ms (0: a silent one), and whether a heart gives the signal at that beat."""


class RollingWindows(msgspec.Struct, array_like=True):
    """The rolling windows of one person; `every` and `window` in ms, ends on multiples of `every` in Unix time."""

    end: int = 0
    """Unix ms at which the open bucket ends; 0 before the first beat."""
    open: Bucket = EMPTY
    closed: list[Bucket] = []
    unused: dict[int, Unused] = {}
    """By the end of the bucket; those without such beats are absent."""

    def drop(self, beats: int) -> None:
        """Count dropped beats with the open bucket."""
        irregular, total, dropped = self.unused.get(self.end, (0, 0.0, 0))
        self.unused[self.end] = irregular, total, dropped + beats

    def add(self, beats: list[Beat], window: int, every: int) -> list[ClosedWindow]:
        """The windows that these beats close, each with the time of the beat that closed it."""
        closed: list[ClosedWindow] = []
        end = self.end
        n, s, q, m, e, k, m0, e0, k0 = self.open
        for t, rr, d in beats:
            if t >= end:
                if end:
                    self.open = (n, s, q, m, e, k, m0, e0, k0)
                    self._close(t, end, window, every, rr > 0.0 or d is None, closed)
                end = t - t % every + every
                n = m = k = m0 = k0 = 0
                s = q = e = e0 = 0.0
                if d is not None and rr > 0.0:
                    m0, e0 = 1, d * d
                    k0 = 1 if e0 > _SQUARE_50 else 0
            if rr < 0.0:
                self._add_irregular(end, -rr)
                continue
            n += 1
            s += rr
            q += rr * rr
            if d is not None:
                m += 1
                square = d * d
                e += square
                if square > _SQUARE_50:
                    k += 1
        self.end = end
        self.open = (n, s, q, m, e, k, m0, e0, k0)
        return closed

    def _add_irregular(self, end: int, rr: float) -> None:
        irregular, total, dropped = self.unused.get(end, (0, 0.0, 0))
        self.unused[end] = irregular + 1, total + rr, dropped

    def _close(self, t: int, end: int, window: int, every: int, of_a_heart: bool, closed: list[ClosedWindow]) -> None:
        """Close the open bucket, which ends at `end`, and the later ones that end by `t` while beats remain."""
        length = window // every
        buckets = self.closed
        buckets.append(self.open)
        if len(buckets) > length:
            del buckets[0]
        closed.append((t, self._measure(end, window), self.open[0], self.open[1], of_a_heart))
        empty = min((t - end) // every, length - 1)
        for _ in range(empty):
            end += every
            buckets.append(EMPTY)
            if len(buckets) > length:
                del buckets[0]
            closed.append((t, self._measure(end, window), 0, 0.0, of_a_heart))
        if (t - end) // every:
            buckets.clear()

    def _measure(self, end: int, window: int) -> Window:
        unused = self.unused
        if not unused:
            return measure(self.closed, end, window)
        start = end - window
        for of in [of for of in unused if of <= start]:
            del unused[of]
        irregular, total, dropped = 0, 0.0, 0
        for of, (beats, intervals, lost) in unused.items():
            if of <= end:
                irregular += beats
                total += intervals
                dropped += lost
        return measure(self.closed, end, window, irregular, total, dropped)


def measure(
    buckets: list[Bucket], end: int, window: int, irregular: int = 0, total: float = 0.0, dropped: int = 0
) -> Window:
    """Measures over these buckets, oldest first, `irregular` beats of `total` ms together, and `dropped` ones."""
    n = m = k = 0
    s = q = e = 0.0
    for beats, intervals, squares, differences, their_squares, above, _, _, _ in buckets:
        n += beats
        s += intervals
        q += squares
        m += differences
        e += their_squares
        k += above
    oldest = buckets[0]
    m -= oldest[6]
    e -= oldest[7]
    k -= oldest[8]
    quality = s / window
    if quality > 1.0:
        quality = 1.0
    rmssd = pnn50 = None
    if m >= MIN_DIFFERENCES:
        rmssd = sqrt(e / m) if e > 0.0 else 0.0
        pnn50 = 100.0 * k / m
    beats = n + irregular
    if n < LEAST_REGULAR * beats:
        quality = 0.0
    rate = None
    if n >= MIN_BEATS and n >= irregular:
        rate = 60_000.0 * n / s
    elif beats >= MIN_BEATS:
        rate = 60_000.0 * beats / (s + total)
    if n < MIN_BEATS:
        return Window(end, rate, rmssd, None, pnn50, n, quality, irregular + dropped)
    spread = (q - s * s / n) / (n - 1)
    return Window(end, rate, rmssd, sqrt(spread) if spread > 0.0 else 0.0, pnn50, n, quality, irregular + dropped)
