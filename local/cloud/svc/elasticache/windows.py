"""Maintenance and snapshot windows: their forms, whether they overlap, and whether a moment is inside.

Source: PreferredMaintenanceWindow and SnapshotWindow of CreateReplicationGroup in the API reference. Times are UTC.
"""

from __future__ import annotations

import re
from datetime import datetime

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY, _WEEK = 24 * 60, 7 * 24 * 60
_TIME = "([01][0-9]|2[0-3]):([0-5][0-9])"
_DAILY = re.compile(f"{_TIME}-{_TIME}")
_WEEKLY = re.compile(f"({'|'.join(_DAYS)}):{_TIME}-({'|'.join(_DAYS)}):{_TIME}")

DEFAULT_SNAPSHOT, DEFAULT_MAINTENANCE = "05:00-06:00", "sun:08:00-sun:09:00"
_OTHER_SNAPSHOT, _OTHER_MAINTENANCE = "12:00-13:00", "sun:16:00-sun:17:00"

Span = tuple[int, int]
"""First minute and length."""


def daily(window: str) -> Span | None:
    """Of a snapshot window, in minutes of the day; None unless it is hh24:mi-hh24:mi of 60 minutes or more."""
    match = _DAILY.fullmatch(window)
    if match is None:
        return None
    start, end = (int(match[n]) * 60 + int(match[n + 1]) for n in (1, 3))
    return (start, (end - start) % _DAY) if (end - start) % _DAY >= 60 else None


def weekly(window: str) -> Span | None:
    """Of a maintenance window, in minutes of the week; None unless ddd:hh24:mi-ddd:hh24:mi of 60 to 1440 minutes."""
    match = _WEEKLY.fullmatch(window.lower())
    if match is None:
        return None
    start, end = (_DAYS.index(match[n]) * _DAY + int(match[n + 1]) * 60 + int(match[n + 2]) for n in (1, 4))
    return (start, (end - start) % _WEEK) if 60 <= (end - start) % _WEEK <= _DAY else None


def overlap(snapshot: str, maintenance: str) -> bool:
    """Whether some minute is in both; False when one has no valid form."""
    of_day, of_week = daily(snapshot), weekly(maintenance)
    if of_day is None or of_week is None:
        return False
    return any(
        (of_week[0] - start) % _WEEK < of_day[1] or (start - of_week[0]) % _WEEK < of_week[1]
        for start in (day * _DAY + of_day[0] for day in range(7))
    )


def chosen(snapshot: str | None, maintenance: str | None) -> tuple[str, str]:
    """Both windows; one that is not given is chosen so that it does not overlap the other."""
    if snapshot is None:
        taken = maintenance or DEFAULT_MAINTENANCE
        snapshot = _OTHER_SNAPSHOT if overlap(DEFAULT_SNAPSHOT, taken) else DEFAULT_SNAPSHOT
    if maintenance is None:
        maintenance = _OTHER_MAINTENANCE if overlap(snapshot, DEFAULT_MAINTENANCE) else DEFAULT_MAINTENANCE
    return snapshot, maintenance


def in_daily(window: str, now: datetime) -> bool:
    span = daily(window)
    return span is not None and (now.hour * 60 + now.minute - span[0]) % _DAY < span[1]


def in_weekly(window: str, now: datetime) -> bool:
    span = weekly(window)
    minute = now.weekday() * _DAY + now.hour * 60 + now.minute
    return span is not None and (minute - span[0]) % _WEEK < span[1]
