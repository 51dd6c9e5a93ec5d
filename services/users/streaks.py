"""Streaks: how many days in a row a person has checked in. Pure.

A day is one of the person's own zone when they check in. A missed day uses up a freeze; without one the streak ends.
A person who travels west may see a day twice: it counts once. Clocks that change make a day longer or shorter, and
nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

FREEZE_EVERY = 7
"""Days of a streak for which a freeze is earned."""
MAX_FREEZES = 2


@dataclass(frozen=True, slots=True)
class Streak:
    """`length` days up to and including `last_day`, missed ones that a freeze stood for left out."""

    length: int = 0
    longest: int = 0
    last_day: date | None = None
    freezes: int = 0


def check_in(streak: Streak, day: date) -> Streak:
    """The streak after a check-in on `day`; the same if that day, or a later one, counted already."""
    missed = _missed(streak, day)
    if missed < 0:
        return streak
    alive = missed <= streak.freezes
    length = streak.length + 1 if alive else 1
    freezes = streak.freezes - missed if alive else 0
    if length % FREEZE_EVERY == 0:
        freezes = min(freezes + 1, MAX_FREEZES)
    return Streak(length, max(streak.longest, length), day, freezes)


def as_of(streak: Streak, today: date) -> Streak:
    """What the streak is worth before a check-in on `today`: nothing if it can not go on, less freezes if some are
    used up by days that were missed already."""
    missed = _missed(streak, today)
    if missed <= 0:
        return streak
    if missed > streak.freezes:
        return replace(streak, length=0, freezes=0)
    return replace(streak, freezes=streak.freezes - missed)


def counts(streak: Streak, today: date) -> bool:
    """Whether `today` has counted."""
    return streak.last_day is not None and streak.last_day >= today


def _missed(streak: Streak, day: date) -> int:
    """Days between the last one that counted and `day`; negative if `day` is not after it."""
    return 0 if streak.last_day is None else (day - streak.last_day).days - 1
