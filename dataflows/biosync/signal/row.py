"""A window as the store keeps it: in single precision. Pure."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from dataflows.biosync.signal.hrv import Window

RowKey = tuple[str, int]
"""User, and Unix ms of the window's end."""
_SINGLE = Struct("f")


class Row(NamedTuple):
    """A row of hrv_1m, without its user."""

    at: int
    hr: float | None
    rmssd: float | None
    sdnn: float | None
    pnn50: float | None
    beats: int
    quality: float
    dropped: int | None
    """None for a row of an earlier version."""


def row(window: Window) -> Row:
    """The stored form of a window."""
    hr, rmssd, sdnn, pnn50 = map(_single, (window.hr, window.rmssd, window.sdnn, window.pnn50))
    return Row(window.at, hr, rmssd, sdnn, pnn50, window.beats, _single(window.quality) or 0.0, window.dropped)


def _single(number: float | None) -> float | None:
    return None if number is None else _SINGLE.unpack(_SINGLE.pack(number))[0]
