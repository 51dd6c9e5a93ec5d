"""Points, levels and badges."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from contracts.user_events import Kind
from services.users.gamification.rules import BADGES, REWARDS, Progress, apply, badges, level, level_begins

events = st.lists(st.tuples(st.sampled_from([*REWARDS, "unknown"]), st.integers(1, 5), st.integers(0, 40)), max_size=60)
"""Kind, day and streak."""


def played(happened: list[tuple[str, int, int]]) -> Progress:
    progress, seen = Progress(), Counter[tuple[str, int]]()
    for kind, day, streak in happened:
        progress, _ = apply(progress, kind, streak=streak, that_day=seen[kind, day])
        seen[kind, day] += 1
    return progress


@given(events, st.randoms(use_true_random=False))
def test_the_order_of_events_does_not_matter(happened: list, random) -> None:
    shuffled = [*happened]
    random.shuffle(shuffled)
    one, other = played(happened), played(shuffled)
    assert (one.points, badges(one)) == (other.points, badges(other))


@given(events)
def test_points_are_those_of_the_table_and_no_day_earns_more(happened: list) -> None:
    counts = Counter((kind, day) for kind, day, _ in happened if kind in REWARDS)
    expected = sum(REWARDS[kind].points * min(count, REWARDS[kind].a_day) for (kind, _), count in counts.items())
    assert played(happened).points == expected


@given(events, st.sampled_from([*REWARDS]), st.integers(1, 5))
def test_a_badge_is_never_lost(happened: list, kind: str, day: int) -> None:
    assert set(badges(played(happened))) <= set(badges(played([*happened, (kind, day, 0)])))


@given(st.integers(0, 10**15))
def test_a_level_begins_at_its_points(points: int) -> None:
    found = level(points)
    assert level_begins(found) <= points < level_begins(found + 1)


def test_the_first_levels() -> None:
    assert [level_begins(n) for n in (1, 2, 3, 4)] == [0, 100, 300, 600]


def test_every_badge_can_be_earned_and_has_a_name_of_its_own() -> None:
    assert len({badge.name for badge in BADGES}) == len(BADGES)
    most = [(kind, day, 365) for kind in REWARDS for day in range(100)]
    assert badges(played(most)) == [badge.name for badge in BADGES]
    assert all(kind in set(Kind) for kind in REWARDS)
