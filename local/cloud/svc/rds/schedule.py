"""When automated backups are due and expire, and when pending modifications are applied. Times are UTC."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAILY = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_WEEKLY = re.compile(rf"({'|'.join(_DAYS)}):(\d\d):(\d\d)-({'|'.join(_DAYS)}):(\d\d):(\d\d)")
_WEEK = 7 * 24 * 60


def daily(window: str) -> tuple[int, int] | None:
    """Start of a window such as "08:00-08:30" in minutes of the day, and its length; None when it is malformed."""
    match = _DAILY.fullmatch(window)
    if match is None:
        return None
    hour, minute, end_hour, end_minute = map(int, match.groups())
    if max(hour, end_hour) > 23 or max(minute, end_minute) > 59:
        return None
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    return start, (end - start) % (24 * 60)


def weekly(window: str) -> tuple[int, int] | None:
    """Start of a window such as "sun:09:00-sun:09:30" in minutes of the week, and its length; None if malformed."""
    match = _WEEKLY.fullmatch(window.lower())
    if match is None:
        return None
    day, hour, minute, end_day, end_hour, end_minute = match.groups()
    if max(int(hour), int(end_hour)) > 23 or max(int(minute), int(end_minute)) > 59:
        return None
    start = _DAYS.index(day) * 24 * 60 + int(hour) * 60 + int(minute)
    end = _DAYS.index(end_day) * 24 * 60 + int(end_hour) * 60 + int(end_minute)
    return start, (end - start) % _WEEK


def overlap(backup: tuple[int, int], maintenance: tuple[int, int]) -> bool:
    """Whether a daily and a weekly window have a minute in common."""
    starts = [day * 24 * 60 + backup[0] for day in range(7)]
    return any(
        (maintenance[0] - start) % _WEEK < backup[1] or (start - maintenance[0]) % _WEEK < maintenance[1]
        for start in starts
    )


def in_maintenance(window: str, now: datetime) -> bool:
    parsed = weekly(window)
    minute = now.weekday() * 24 * 60 + now.hour * 60 + now.minute
    return parsed is not None and (minute - parsed[0]) % _WEEK < parsed[1]


def backup_due(window: str, last: datetime | None, now: datetime) -> bool:
    """Whether the window has begun since the `last` automated backup was taken; the first one is due at once.

    A window that passed while the machine was off is made up for.
    """
    if last is None:
        return True
    parsed = daily(window)
    if parsed is None:
        return False
    begun = datetime.combine(now.date(), time(parsed[0] // 60, parsed[0] % 60), now.tzinfo)
    if begun > now:
        begun -= timedelta(days=1)
    return last < begun


def expired(completed: Sequence[datetime], days: int, now: datetime) -> list[datetime]:
    """The automated backups, of those that were `completed`, that no moment of the last `days` needs.

    A moment is restored from the newest backup before it, so the newest one beyond the retention stays.
    """
    beyond = sorted(moment for moment in completed if moment <= now - timedelta(days=days))
    return beyond[:-1]
