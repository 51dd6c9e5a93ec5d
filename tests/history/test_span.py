"""What stretch of time a question about history covers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.history.span import LENGTH, MOST_ROWS, USUAL, BadSpan, Resolution, span

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
moments = st.integers(1_577_836_800, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize("resolution", Resolution)
def test_without_bounds_it_is_the_usual_stretch_up_to_now(resolution: Resolution) -> None:
    assert span(resolution, None, None, NOW) == (NOW - USUAL[resolution], NOW)


@given(st.sampled_from(Resolution), moments, moments)
def test_an_answer_is_never_empty_reversed_or_too_long(resolution: Resolution, start: datetime, end: datetime) -> None:
    try:
        first, last = span(resolution, start, end, NOW)
    except BadSpan:
        assert start >= end or (end - start) / LENGTH[resolution] > MOST_ROWS
    else:
        assert (first, last) == (start, end)
        assert timedelta(0) < last - first <= MOST_ROWS * LENGTH[resolution]
