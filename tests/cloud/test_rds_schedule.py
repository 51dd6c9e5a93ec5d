"""When backups are due and expire, and when modifications are applied."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from local.cloud.svc.rds import schedule

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
MINUTES = st.integers(0, 24 * 60 - 1)


def window(start: int, length: int) -> str:
    end = (start + length) % (24 * 60)
    return f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"


@given(MOMENTS, MINUTES)
def test_a_backup_is_due_once_a_day(now: datetime, start: int) -> None:
    text = window(start, 30)
    assert schedule.backup_due(text, None, now)
    assert schedule.backup_due(text, now - timedelta(days=1, minutes=1), now)
    assert not schedule.backup_due(text, now, now)
    hours = [now + timedelta(minutes=10 * step) for step in range(24 * 6)]
    last, taken = now, 0
    for moment in hours:
        if schedule.backup_due(text, last, moment):
            last, taken = moment, taken + 1
    assert taken <= 1


@given(st.lists(MOMENTS, max_size=8, unique=True), MOMENTS, st.integers(1, 35))
def test_every_moment_of_the_retention_keeps_a_backup_before_it(
    taken: list[datetime], now: datetime, days: int
) -> None:
    past = [moment for moment in taken if moment <= now]
    kept = set(past) - set(schedule.expired(past, days, now))
    oldest = now - timedelta(days=days)
    if any(moment <= oldest for moment in past):
        assert max(moment for moment in past if moment <= oldest) in kept
    assert {moment for moment in past if moment > oldest} <= kept
    assert sum(moment <= oldest for moment in kept) <= 1


@given(MINUTES, st.integers(30, 120), st.integers(0, 7 * 24 * 60 - 1), st.integers(30, 600))
def test_windows_overlap_when_they_share_a_minute(start: int, length: int, begin: int, duration: int) -> None:
    week = 7 * 24 * 60
    daily = {(day * 24 * 60 + start + minute) % week for day in range(7) for minute in range(length)}
    weekly = {(begin + minute) % week for minute in range(duration)}
    assert schedule.overlap((start, length), (begin, duration)) == bool(daily & weekly)


def test_maintenance_window_may_cross_the_week() -> None:
    sunday, monday = datetime(2026, 11, 29, 23, 50, tzinfo=UTC), datetime(2026, 11, 30, 0, 10, tzinfo=UTC)
    assert schedule.in_maintenance("sun:23:45-mon:00:15", sunday)
    assert schedule.in_maintenance("sun:23:45-mon:00:15", monday)
    assert not schedule.in_maintenance("sun:23:45-mon:00:15", monday + timedelta(minutes=5))
