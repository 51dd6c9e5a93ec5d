"""Streaks against a second way to count them: day by day over the calendar, instead of from check-in to check-in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.kit.zones import day_of
from services.users.streaks import FREEZE_EVERY, MAX_FREEZES, Streak, as_of, check_in, counts

FIRST = date(2026, 3, 1)
DAY = timedelta(days=1)
gaps = st.lists(st.sampled_from([1] * 12 + [0, 2, 2, 3, 4]), max_size=60)
"""Days between check-ins, 0 for one that is repeated; mostly 1, or no streak would last until it earns a freeze."""


def days_of(between: list[int]) -> list[date]:
    days = [FIRST]
    for gap in between:
        days.append(days[-1] + gap * DAY)
    return days


def by_calendar(days: set[date], until: date) -> tuple[int, int, int]:
    """Length, longest and freezes at the end of `until`, by walking over every day."""
    length = longest = freezes = 0
    day = min(days)
    while day <= until:
        if day in days:
            length += 1
            longest = max(longest, length)
            if length % FREEZE_EVERY == 0:
                freezes = min(freezes + 1, MAX_FREEZES)
        elif freezes:
            freezes -= 1
        else:
            length = 0
        day += DAY
    return length, longest, freezes


def walked(days: list[date]) -> Streak:
    streak = Streak()
    for day in days:
        streak = check_in(streak, day)
    return streak


@given(gaps)
def test_a_streak_is_what_walking_over_the_calendar_gives(between: list[int]) -> None:
    days = days_of(between)
    streak = walked(days)
    assert (streak.length, streak.longest, streak.freezes) == by_calendar(set(days), days[-1])


@given(gaps, st.integers(1, 6))
def test_before_todays_check_in_it_is_worth_what_the_days_until_yesterday_give(between: list[int], later: int) -> None:
    days = days_of(between)
    now = as_of(walked(days), days[-1] + later * DAY)
    length, longest, freezes = by_calendar(set(days), days[-1] + (later - 1) * DAY)
    assert (now.length, now.longest) == (length, longest)
    assert now.freezes == (freezes if length else 0)


@given(gaps, st.integers(1, 6))
def test_a_check_in_adds_one_day_to_what_was_shown_before_it(between: list[int], later: int) -> None:
    streak = walked(days_of(between))
    assert streak.last_day is not None
    today = streak.last_day + later * DAY
    assert not counts(streak, today)
    after = check_in(streak, today)
    assert after.length == as_of(streak, today).length + 1
    assert counts(after, today)


@given(gaps, st.integers(0, 400))
def test_an_earlier_day_or_the_same_changes_nothing(between: list[int], back: int) -> None:
    streak = walked(days_of(between))
    assert streak.last_day is not None
    assert check_in(streak, streak.last_day - back * DAY) == streak == as_of(streak, streak.last_day - back * DAY)


def test_freezes_are_earned_each_week_and_two_are_kept() -> None:
    streak = walked([FIRST + i * DAY for i in range(21)])
    assert (streak.length, streak.freezes) == (21, 2)
    assert as_of(streak, FIRST + 22 * DAY).freezes == 1
    assert as_of(streak, FIRST + 23 * DAY).length == 21
    assert as_of(streak, FIRST + 24 * DAY).length == 0
    assert check_in(streak, FIRST + 24 * DAY) == Streak(1, 21, FIRST + 24 * DAY, 0)


def test_a_day_of_23_or_25_hours_is_one_day() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for month, day in ((3, 27), (10, 23)):  # before the change of the clocks in 2026
        noons = [datetime(2026, month, day + i, 23, 30, tzinfo=berlin) for i in range(5)]
        assert walked([day_of(noon.astimezone(UTC), berlin) for noon in noons]).length == 5


zones = st.sampled_from(
    ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin", "America/Havana", "Asia/Kathmandu"]
)


@given(st.lists(st.tuples(st.integers(0, 90), zones), max_size=80))
def test_no_travel_makes_a_streak_longer_than_the_days_that_some_place_had(hops: list[tuple[int, str]]) -> None:
    moment = start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    streak = Streak()
    for hours, zone in hops:
        moment += timedelta(hours=hours)
        streak = check_in(streak, day_of(moment, ZoneInfo(zone)))
    earliest = day_of(start, ZoneInfo("Pacific/Pago_Pago"))
    latest = day_of(moment, ZoneInfo("Pacific/Kiritimati"))
    assert streak.longest <= (latest - earliest).days + 1
