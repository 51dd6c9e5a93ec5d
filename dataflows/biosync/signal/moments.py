"""The moments of beats whose times are not their own: a Bluetooth notification brings up to nine intervals and has one
time, that of its arrival. The intervals are the truth, so a beat cannot lie later than the next one less its interval.
"""

from __future__ import annotations

from collections.abc import Sequence

TOLERANCE = 60
"""ms by which a beat's time may differ from the time of the beat before plus its interval (rounding, 1/64 s clocks)."""
MAX_LEAD = 10_000
"""ms by which a beat may be placed after its own time, since the beats before it take that long: nine of a second."""

PULL = 20
"""ms a beat by which such a lead is reduced: little enough that the beats of nine to a time still follow each other."""


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


def without_repeats(times: Sequence[int], intervals: Sequence[float]) -> tuple[list[int], list[float]]:
    """The beats without those that equal the one before in both: a frame that holds each beat twice."""
    kept = [i for i in range(len(times)) if not i or (times[i], intervals[i]) != (times[i - 1], intervals[i - 1])]
    return [times[i] for i in kept], [intervals[i] for i in kept]
