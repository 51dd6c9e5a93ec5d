"""Pagination: windows and events of a page cover the same stretch of one order of all rows. Pure.

The order is by time, then windows before events, then events by id: any number of events may share a moment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol, Self, TypeVar

from services.history.time_range import EARLIEST, LATEST
from services.kit import cursor
from services.kit.cursor import InvalidCursor

MAX_LIMIT = 3_000
"""Windows, and events, on one page."""
DEFAULT_LIMIT = 1_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_POSITION = re.compile(r"(\d{1,18})/([!-~]{0,255})")


class HasStart(Protocol):
    @property
    def start(self) -> datetime: ...


class HasMoment(Protocol):
    @property
    def raised_at(self) -> datetime: ...

    @property
    def event_id(self) -> str: ...


W = TypeVar("W", bound=HasStart)
E = TypeVar("E", bound=HasMoment)


class Position(NamedTuple):
    """The place of a row in the order: of an event, or, without an id, of a window. The page begins with it."""

    moment: datetime
    event_id: str = ""

    @property
    def first_window(self) -> datetime:
        """The earliest start of a window at this position or after it."""
        return self.moment + _MICROSECOND if self.event_id else self.moment

    def encode(self) -> str:
        """The position as a cursor."""
        return cursor.encode(f"{(self.moment - _EPOCH) // _MICROSECOND}/{self.event_id}")

    @classmethod
    def decode(cls, text: str) -> Self:
        """The position of a cursor; raises InvalidCursor."""
        found = cursor.decode(text, _POSITION)
        try:
            position = cls(_EPOCH + int(found[1]) * _MICROSECOND, found[2])
        except OverflowError:
            raise InvalidCursor from None
        if not EARLIEST <= position.moment <= LATEST:
            raise InvalidCursor
        return position


def paginate(windows: Sequence[W], events: Sequence[E], limit: int) -> tuple[list[W], list[E], Position | None]:
    """The windows and events of this page, out of the first `limit` + 1 of each, and where the next page begins.

    The first row of the two lists is before any row that is left over, so every page makes progress.
    """
    beyond = [Position(window.start) for window in windows[limit:]]
    beyond += [Position(event.raised_at, event.event_id) for event in events[limit:]]
    if not beyond:
        return list(windows), list(events), None
    end = min(beyond)
    return (
        [w for w in windows if Position(w.start) < end],
        [e for e in events if Position(e.raised_at, e.event_id) < end],
        end,
    )
