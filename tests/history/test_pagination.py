"""Pagination by time."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.history.pagination import InvalidCursor, Position, paginate
from services.history.schemas import Outcome, StoredEvent

START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Window:
    start: datetime


@dataclass(frozen=True)
class Event:
    raised_at: datetime
    event_id: str


few_moments = st.integers(0, 5).map(lambda seconds: START + timedelta(seconds=seconds))
many_moments = st.integers(0, 200_000_000).map(lambda microseconds: START + timedelta(microseconds=microseconds))
moments = few_moments | many_moments
ids = st.text("0123456789abcdefABC~!", min_size=1, max_size=3)


@given(
    st.sets(moments, max_size=40).map(sorted),
    st.sets(st.tuples(moments, ids), max_size=40).map(sorted),
    st.integers(1, 7),
)
def test_consecutive_pages_give_every_row_once_in_one_order(
    starts: list[datetime], raised: list[tuple[datetime, str]], limit: int
) -> None:
    windows, events = [Window(moment) for moment in starts], [Event(*each) for each in raised]
    seen_windows: list[Window] = []
    seen_events: list[Event] = []
    following: Position | None = Position(START)
    while following is not None:
        since = following
        some = [w for w in windows if w.start >= since.first_window][: limit + 1]
        more = [e for e in events if (e.raised_at, e.event_id) >= since][: limit + 1]
        page_windows, page_events, following = paginate(some, more, limit)
        assert len(page_windows) <= limit
        assert len(page_events) <= limit
        if following is not None:
            assert following > since
            assert page_windows or page_events
            assert Position.decode(following.encode()) == following
        seen_windows += page_windows
        seen_events += page_events
    assert seen_windows == windows
    assert seen_events == events


@given(st.text() | st.binary().map(lambda data: urlsafe_b64encode(data).decode()))
def test_any_other_text_is_no_cursor(text: str) -> None:
    try:
        position = Position.decode(text)
    except InvalidCursor as error:
        assert "next" in str(error)
    else:
        assert Position.decode(position.encode()) == position


@pytest.mark.parametrize(
    "inside",
    ["253402300799999999/x", "253402300770000000/", "0/", "946684799999999/", "7258118400000001/e", "9" * 18 + "/"],
)
def test_a_cursor_outside_the_time_that_is_stored_is_none(inside: str) -> None:
    with pytest.raises(InvalidCursor, match="next"):
        Position.decode(urlsafe_b64encode(inside.encode()).decode())


def test_the_outcome_follows_from_the_times_of_an_event() -> None:
    def outcome(*moments: datetime | None, after: float = 60) -> Outcome:
        return StoredEvent("e", START, START, {}, *moments).outcome(START + timedelta(seconds=after))

    assert outcome(None, None, None) == Outcome.PENDING
    assert outcome(None, None, None, after=601) == Outcome.UNANSWERED
    assert outcome(START, None, None, after=601) == Outcome.ANSWERED
    assert outcome(START, START, None) == Outcome.SEEN
    assert outcome(START, None, START) == Outcome.MISSED
    assert outcome(None, START, None) == Outcome.SEEN  # seen before the dataflow recorded the answer
