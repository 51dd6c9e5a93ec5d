"""What earns points and badges, and which level points make. Pure: change the tables to change the game.

Points depend on which events there were and on nothing else: the order in which they arrive does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isqrt
from types import MappingProxyType

from contracts.user_events import Kind

STREAK = "streak"
"""What a badge counts besides kinds of events: the longest streak."""


@dataclass(frozen=True, slots=True)
class Reward:
    """`points` for each event of a kind, of a day (UTC) for the first `a_day` of them."""

    points: int
    a_day: int


@dataclass(frozen=True, slots=True)
class Badge:
    """Earned for good once `least` of `counted` are reached: events of a kind, or days of the longest streak."""

    name: str
    counted: str
    least: int


REWARDS: Mapping[str, Reward] = MappingProxyType(
    {
        Kind.CHECK_IN: Reward(10, a_day=1),
        Kind.SESSION_FINISHED: Reward(20, a_day=3),
        Kind.CALM_SEEN: Reward(15, a_day=5),
    }
)
BADGES = (
    Badge("first-check-in", Kind.CHECK_IN, 1),
    Badge("check-in-100", Kind.CHECK_IN, 100),
    Badge("first-session", Kind.SESSION_FINISHED, 1),
    Badge("session-50", Kind.SESSION_FINISHED, 50),
    Badge("first-calm", Kind.CALM_SEEN, 1),
    Badge("calm-25", Kind.CALM_SEEN, 25),
    Badge("streak-7", STREAK, 7),
    Badge("streak-30", STREAK, 30),
    Badge("streak-365", STREAK, 365),
)
LEVEL_POINTS = 50
"""Level n begins at LEVEL_POINTS * n * (n - 1) points: 0, 100, 300, 600, ..."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Points and what badges count; every event counts for badges, also one that earned no points."""

    points: int = 0
    counted: Mapping[str, int] = field(default_factory=dict)


def apply(progress: Progress, kind: str, *, streak: int, that_day: int) -> tuple[Progress, int]:
    """The progress after an event and the points it earned; `that_day` events of its kind and day came before it."""
    reward = REWARDS.get(kind)
    if reward is None:
        return progress, 0
    earned = reward.points if that_day < reward.a_day else 0
    counted = {**progress.counted, kind: progress.counted.get(kind, 0) + 1}
    counted[STREAK] = max(counted.get(STREAK, 0), streak)
    return Progress(progress.points + earned, counted), earned


def badges(progress: Progress) -> list[str]:
    """Every badge that is earned by now."""
    return [badge.name for badge in BADGES if progress.counted.get(badge.counted, 0) >= badge.least]


def level(points: int) -> int:
    """The level that `points` make; the first is 1."""
    return (LEVEL_POINTS + isqrt(LEVEL_POINTS**2 + 4 * LEVEL_POINTS * points)) // (2 * LEVEL_POINTS)


def level_begins(number: int) -> int:
    """The points at which a level begins."""
    return LEVEL_POINTS * number * (number - 1)
