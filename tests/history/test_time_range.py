"""The time range of a request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.history.time_range import (
    DEFAULT_RANGE,
    InvalidTimeRange,
    Resolution,
    parse_time,
    resolve_range,
)
from services.kit.zones import parse_zone

UTC_ZONE, TOKYO = parse_zone("UTC"), parse_zone("Asia/Tokyo")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
moments = st.integers(1_577_836_800, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize("resolution", Resolution)
def test_the_default_range_ends_now(resolution: Resolution) -> None:
    assert resolve_range(resolution, None, None, NOW, UTC_ZONE) == (NOW - DEFAULT_RANGE[resolution], NOW)


@given(st.sampled_from(Resolution), moments, moments)
def test_a_range_is_never_empty_or_reversed(resolution: Resolution, start: datetime, end: datetime) -> None:
    try:
        first, last = resolve_range(resolution, start, end, NOW, UTC_ZONE)
    except InvalidTimeRange:
        assert start >= end
    else:
        assert (first, last) == (start, end)
        assert first < last


@pytest.mark.parametrize("zone", [None, UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))])
@pytest.mark.parametrize("moment", [datetime.min, datetime.max])  # noqa: DTZ901
def test_extreme_times_are_refused_by_name(moment: datetime, zone: timezone | None) -> None:
    with pytest.raises(InvalidTimeRange, match="`from` must be between"):
        resolve_range(Resolution.DAY, moment.replace(tzinfo=zone), None, NOW, UTC_ZONE)
    with pytest.raises(InvalidTimeRange, match="`to` must be between"):
        resolve_range(Resolution.DAY, None, moment.replace(tzinfo=zone), NOW, UTC_ZONE)


def test_a_time_without_a_zone_is_utc_and_one_with_is_converted() -> None:
    naive = datetime(2026, 3, 1, 10)  # noqa: DTZ001
    zoned = datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    assert resolve_range(Resolution.HOUR, naive, zoned, NOW, UTC_ZONE) == (naive.replace(tzinfo=UTC), zoned)


def test_a_time_without_a_zone_is_in_the_zone_of_the_request() -> None:
    naive = datetime(2026, 3, 1)  # noqa: DTZ001
    assert resolve_range(Resolution.DAY, naive, NOW, NOW, TOKYO) == (datetime(2026, 2, 28, 15, tzinfo=UTC), NOW)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-03-01T00:00:00Z", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T00:00:00+02:00", datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=2)))),
        ("2026-03-01 00:00", datetime(2026, 3, 1)),  # noqa: DTZ001
        ("2026-03-01", datetime(2026, 3, 1)),  # noqa: DTZ001
    ],
)
def test_a_time_is_iso_8601(text: str, time: datetime) -> None:
    assert parse_time(text) == time
    assert parse_time(text).tzinfo == time.tzinfo


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1767225600", "in seconds it would be 2026-01-01T00:00:00.000Z"),
        ("1767225600123", "in milliseconds it would be 2026-01-01T00:00:00.123Z"),
        ("1767225600.5", "in seconds it would be 2026-01-01T00:00:00.500Z"),
        ("-5", "unit is not guessed"),
        ("9" * 5000, "unit is not guessed"),
        ("2026-03-01T00:00:00 02:00", "write %2B02:00"),
        ("2026-03-01 10:00:00.123 0530", "write %2B0530"),
        ("2026-03-01T00:00 02", "write %2B02"),
        ("yesterday", "ISO 8601"),
        ("", "an empty text"),
        ("\ufeff2026-03-01", "U+FEFF"),
        ("2026-03-01\x00", "U+0000"),
        ("2026-02-30", "ISO 8601"),
    ],
)
def test_what_is_no_time_is_refused_with_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(InvalidTimeRange) as refused:
        parse_time(text)
    assert hint in str(refused.value)
