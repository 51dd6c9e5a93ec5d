"""The time range of a request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.history.time_range import DEFAULT_RANGE, InvalidTimeRange, Resolution, resolve_range

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
moments = st.integers(1_577_836_800, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize("resolution", Resolution)
def test_the_default_range_ends_now(resolution: Resolution) -> None:
    assert resolve_range(resolution, None, None, NOW) == (NOW - DEFAULT_RANGE[resolution], NOW)


@given(st.sampled_from(Resolution), moments, moments)
def test_a_range_is_never_empty_or_reversed(resolution: Resolution, start: datetime, end: datetime) -> None:
    try:
        first, last = resolve_range(resolution, start, end, NOW)
    except InvalidTimeRange:
        assert start >= end
    else:
        assert (first, last) == (start, end)
        assert first < last


@pytest.mark.parametrize("zone", [None, UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))])
@pytest.mark.parametrize("moment", [datetime.min, datetime.max])  # noqa: DTZ901
def test_extreme_times_are_refused_by_name(moment: datetime, zone: timezone | None) -> None:
    with pytest.raises(InvalidTimeRange, match="`from` must be between"):
        resolve_range(Resolution.DAY, moment.replace(tzinfo=zone), None, NOW)
    with pytest.raises(InvalidTimeRange, match="`to` must be between"):
        resolve_range(Resolution.DAY, None, moment.replace(tzinfo=zone), NOW)


def test_a_time_without_a_zone_is_utc_and_one_with_is_converted() -> None:
    naive = datetime(2026, 3, 1, 10)  # noqa: DTZ001
    zoned = datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    assert resolve_range(Resolution.HOUR, naive, zoned, NOW) == (naive.replace(tzinfo=UTC), zoned)
