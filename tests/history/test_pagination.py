"""Pagination by time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.history.pagination import paginate
from services.history.schemas import Outcome, StoredEvent

START = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Window:
    start: datetime


@dataclass(frozen=True)
class Event:
    raised_at: datetime


moments = st.sets(st.integers(0, 200).map(lambda seconds: START + timedelta(seconds=seconds)), max_size=40).map(sorted)


@given(moments, moments, st.integers(1, 7))
def test_consecutive_pages_give_everything_once(starts: list[datetime], raised: list[datetime], limit: int) -> None:
    windows, events = [Window(moment) for moment in starts], [Event(moment) for moment in raised]
    seen_windows: list[Window] = []
    seen_events: list[Event] = []
    following: datetime | None = START
    while following is not None:
        since = following
        some, more = (
            [w for w in windows if w.start >= since][: limit + 1],
            [e for e in events if e.raised_at >= since][: limit + 1],
        )
        page_windows, page_events, following = paginate(some, more, limit)
        assert len(page_windows) <= limit
        assert len(page_events) <= limit
        assert following is None or following > since
        seen_windows += page_windows
        seen_events += page_events
    assert seen_windows == windows
    assert seen_events == events


def test_the_outcome_follows_from_the_times_of_an_event() -> None:
    def outcome(*moments: datetime | None, after: float = 60) -> Outcome:
        return StoredEvent("e", START, START, {}, *moments).outcome(START + timedelta(seconds=after))

    assert outcome(None, None, None) == Outcome.PENDING
    assert outcome(None, None, None, after=601) == Outcome.UNANSWERED
    assert outcome(START, None, None, after=601) == Outcome.ANSWERED
    assert outcome(START, START, None) == Outcome.SEEN
    assert outcome(START, None, START) == Outcome.MISSED
    assert outcome(None, START, None) == Outcome.SEEN  # seen before the dataflow recorded the answer
