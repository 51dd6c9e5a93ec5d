"""The bounds of a heart beat: one outside them can never become a measure. Pure.

Ingest refuses such beats and tells the client; the dataflow leaves them out wherever they come from.
"""

from __future__ import annotations

MAX_PAST_MS = 86_400_000
"""ms by which a beat may lie before its arrival: a day, as a wearable out of reach may have stored."""
MAX_FUTURE_MS = 60_000
"""ms by which a beat may lie after its arrival: clocks differ. After one wrong clock all later beats would be late."""
MIN_RR_MS = 200.0
MAX_RR_MS = 5_000.0
"""300 to 12 beats a minute: wider than any heart that is measured here, so that what lies outside is another unit or
a defect. Which intervals within count as sinus rhythm is declared by the BioStream (`cleanse`)."""
MAX_MOTION_MG = 16_000.0
"""Thousandths of g: the widest range of a wrist's accelerometer. The mean over seconds of a runner's is below 2000."""
WORKOUT = "workout"
"""The declared activity in which nobody is stressed: sport."""

_YEAR_2000, _YEAR_2100 = 946_684_800_000, 4_102_444_800_000
_TIME_UNITS = (("seconds", 1e3), ("microseconds", 1e-3), ("nanoseconds", 1e-6))
_INTERVAL_UNITS = (("seconds", 1e3), ("microseconds", 1e-3))


def unit_of_time(t: float) -> str:
    """The unit in which `t` is a time of this century and, as Unix ms, is not; empty if there is none."""
    if _YEAR_2000 <= t < _YEAR_2100:
        return ""
    return next((unit for unit, ms in _TIME_UNITS if _YEAR_2000 <= t * ms < _YEAR_2100), "")


def unit_of_interval(rr: float) -> str:
    """The unit in which `rr` is the interval of a heart and, as ms, is not; empty if there is none."""
    if MIN_RR_MS <= rr <= MAX_RR_MS:
        return ""
    return next((unit for unit, ms in _INTERVAL_UNITS if MIN_RR_MS <= rr * ms <= MAX_RR_MS), "")
