"""Signals that no heart gives: of a sensor that is stuck, not worn, or a device that makes its beats up.

A healthy heart at rest varies by tens of ms from beat to beat, at the greatest strain by two or three. A paced heart
may be as even: its rhythm says nothing about stress either, so its beats count for the heart rate alone.
"""

from __future__ import annotations

from itertools import pairwise

LENGTH = 32
"""Beats that are judged together, 10 to 30 s of them: before the first look at a signal no event can be raised, since
`sustain` is at least as long as it takes (contracts/biostream.py)."""
LONGEST_PERIOD = LENGTH // 2
LEAST_RMSSD = 1.5
"""ms. Rounding to 1 ms, or to the 1/1024 s of Bluetooth's heart rate service, gives a constant interval up to 1 ms."""
_LEAST_SQUARES = (LENGTH - 1) * LEAST_RMSSD**2
_FEW = 2


def is_artificial(recent: list[float]) -> bool:
    """Whether the last LENGTH of these intervals (ms) are constant but for rounding, have two values, rise and fall in
    one or two steps (a ramp, also one that begins again), or repeat themselves exactly."""
    if len(recent) < LENGTH:
        return False
    d, c, b, a = recent[-4:]
    u, v, w = a - b, b - c, c - d
    # what these conditions guard costs: of the beats of a heart hardly any get there
    if u * u + v * v + w * w <= _LEAST_SQUARES and _is_still(recent):
        return True
    if (not u or not v or a == c) and len(set(recent[-LENGTH:])) <= _FEW:
        return True
    if -0.01 < u - v < 0.01 or -0.01 < v - w < 0.01 or -0.01 < u - w < 0.01:
        last = recent[-LENGTH:]
        if len({round(y - x, 2) for x, y in pairwise(last)}) <= _FEW:
            return True
    return a in recent[-1 - LONGEST_PERIOD : -1] and _repeats(recent[-LENGTH:])


def _is_still(recent: list[float]) -> bool:
    last = recent[-LENGTH:]
    return sum((y - x) ** 2 for x, y in pairwise(last)) <= _LEAST_SQUARES


def _repeats(last: list[float]) -> bool:
    return any(last[period:] == last[:-period] for period in range(1, LONGEST_PERIOD + 1))
