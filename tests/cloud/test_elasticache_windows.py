"""Maintenance and snapshot windows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from local.cloud.svc.elasticache import windows

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONDAY = datetime(2026, 11, 30, tzinfo=UTC)
minutes_of_day = st.integers(0, 24 * 60 - 1)
minutes_of_week = st.integers(0, 7 * 24 * 60 - 1)


def time(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


def weekly(start: int, length: int) -> str:
    end = (start + length) % (7 * 24 * 60)
    return f"{DAYS[start // 1440]}:{time(start)}-{DAYS[end // 1440]}:{time(end)}"


def daily(start: int, length: int) -> str:
    return f"{time(start)}-{time(start + length)}"


@given(minutes_of_day, st.integers(1, 24 * 60 - 1))
def test_a_snapshot_window_has_an_hour_or_more(start: int, length: int) -> None:
    assert windows.daily(daily(start, length)) == ((start, length) if length >= 60 else None)


@given(minutes_of_week, st.integers(1, 3000))
def test_a_maintenance_window_has_one_to_24_hours(start: int, length: int) -> None:
    assert windows.weekly(weekly(start, length)) == ((start, length) if 60 <= length <= 1440 else None)


@given(minutes_of_day, st.integers(60, 1439), minutes_of_week, st.integers(60, 1440))
def test_windows_overlap_when_they_share_a_minute(day: int, hours: int, week: int, length: int) -> None:
    of_week = {(week + minute) % 10080 for minute in range(length)}
    of_days = {(number * 1440 + day + minute) % 10080 for number in range(7) for minute in range(hours)}
    assert windows.overlap(daily(day, hours), weekly(week, length)) == bool(of_week & of_days)


@given(minutes_of_day, st.integers(60, 600), minutes_of_week, st.integers(60, 240), minutes_of_week)
def test_a_moment_is_inside_its_window(day: int, hours: int, week: int, length: int, now: int) -> None:
    moment = MONDAY + timedelta(minutes=now)
    assert windows.in_weekly(weekly(week, length), moment) == ((now - week) % 10080 < length)
    assert windows.in_daily(daily(day, hours), moment) == ((now - day) % 1440 < hours)


@given(minutes_of_day, st.integers(60, 240), minutes_of_week, st.integers(60, 240))
def test_a_window_that_is_chosen_keeps_clear_of_the_one_that_is_given(
    day: int, hours: int, week: int, length: int
) -> None:
    for pair in ((daily(day, hours), None), (None, weekly(week, length)), (None, None)):
        snapshot, maintenance = windows.chosen(*pair)
        assert not windows.overlap(snapshot, maintenance)
        assert windows.daily(snapshot)
        assert windows.weekly(maintenance)
