"""What stretch of time a question about history covers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.history.time_range import USUAL, BadSpan, Resolution, span

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
moments = st.integers(1_577_836_800, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize("resolution", Resolution)
def test_without_bounds_it_is_the_usual_stretch_up_to_now(resolution: Resolution) -> None:
    assert span(resolution, None, None, NOW) == (NOW - USUAL[resolution], NOW)


@given(st.sampled_from(Resolution), moments, moments)
def test_an_answer_is_never_empty_or_reversed(resolution: Resolution, start: datetime, end: datetime) -> None:
    try:
        first, last = span(resolution, start, end, NOW)
    except BadSpan:
        assert start >= end
    else:
        assert (first, last) == (start, end)
        assert first < last


@pytest.mark.parametrize("zone", [None, UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))])
@pytest.mark.parametrize("moment", [datetime.min, datetime.max])  # noqa: DTZ901
def test_the_ends_of_time_are_refused_by_name(moment: datetime, zone: timezone | None) -> None:
    with pytest.raises(BadSpan, match="`from` must lie between"):
        span(Resolution.DAY, moment.replace(tzinfo=zone), None, NOW)
    with pytest.raises(BadSpan, match="`to` must lie between"):
        span(Resolution.DAY, None, moment.replace(tzinfo=zone), NOW)


def test_a_moment_without_a_zone_is_utc_and_one_with_is_converted() -> None:
    naive = datetime(2026, 3, 1, 10)  # noqa: DTZ001
    there = datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    assert span(Resolution.HOUR, naive, there, NOW) == (naive.replace(tzinfo=UTC), there)
