"""The moments of beats whose times are not their own: a Bluetooth notification brings up to nine intervals and has one
time, that of its arrival. The intervals are the truth, so a beat cannot lie later than the next one less its interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

TOLERANCE = 60
"""ms by which a beat's time may differ from the time of the beat before plus its interval (rounding, 1/64 s clocks)."""
MAX_LEAD = 10_000
"""ms by which a beat may be placed after its own time, since the beats before it take that long: nine of a second."""

PULL = 20
"""ms a beat by which such a lead is reduced: little enough that the beats of nine to a time still follow each other."""


class Placed(NamedTuple):
    """Beats with the moments (Unix ms) that their intervals (ms) allow, each at least its interval after the one before
    but for TOLERANCE; `stamp` is the newest of their times, and `late` and `repeated` beats are left out."""

    moments: list[int]
    intervals: list[float]
    stamp: int
    late: int
    repeated: int


def place(
    times: Sequence[int], intervals: Sequence[float], before: tuple[int, int, float], low: float, high: float
) -> Placed:
    """The beats of a frame, in order of time, where they belong; `before`: moment, time, interval of the beat before.

    A beat that comes too soon after the one before follows it at its interval, but no more than MAX_LEAD after its own
    time. It is late when its time is older than that of the one before. Artefacts, outside `low`..`high`, stay where
    they are.
    """
    newest, stamp, last = before
    moments = spread(times, intervals, low, high)
    repeated = 0
    if moments[0] - intervals[0] < newest - low:
        kept = [i for i in range(len(times)) if not i or (times[i], intervals[i]) != (times[i - 1], intervals[i - 1])]
        if 3 * len(kept) <= 2 * len(times):  # the frame holds each beat twice
            repeated = len(times) - len(kept)
            times, intervals = [times[i] for i in kept], [intervals[i] for i in kept]
            moments = spread(times, intervals, low, high)
    late, placed, used = 0, list[int](), list[float]()
    for t, moment, rr in zip(times, moments, intervals, strict=True):
        if low <= rr <= high:
            if moment - newest - rr < -TOLERANCE:
                moment = newest + round(rr) - PULL
                if t <= stamp - low or moment - t > MAX_LEAD or (t, rr, placed) == (stamp, last, []):
                    late += 1
                    continue
            newest, stamp = moment, max(stamp, t)
        placed.append(moment)
        used.append(rr)
    return Placed(placed, used, stamp, late, repeated)


def spread(times: Sequence[int], intervals: Sequence[float], low: float, high: float) -> list[int]:
    """The moments (Unix ms) of the beats of a frame with these times, in order, and intervals in ms.

    A time stays as it is unless it is later than the following beats allow; then they are counted backwards. Intervals
    outside `low`..`high` are artefacts and count for nothing.
    """
    moments = list(times)
    latest = float(times[-1])
    for i in range(len(times) - 2, -1, -1):
        following = intervals[i + 1]
        if low <= following <= high:
            latest -= following
        if times[i] <= latest + TOLERANCE:
            latest = float(times[i])
        moments[i] = round(latest)
    return moments
