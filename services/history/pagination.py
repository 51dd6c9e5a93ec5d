"""Pagination by time: windows and events of a page cover the same time range. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar

MAX_LIMIT = 3_000
"""Windows, and events, on one page."""
DEFAULT_LIMIT = 1_000


class HasStart(Protocol):
    @property
    def start(self) -> datetime: ...


class HasRaisedAt(Protocol):
    @property
    def raised_at(self) -> datetime: ...


W = TypeVar("W", bound=HasStart)
E = TypeVar("E", bound=HasRaisedAt)


def paginate(windows: Sequence[W], events: Sequence[E], limit: int) -> tuple[list[W], list[E], datetime | None]:
    """The windows and events of this page, out of the oldest `limit` + 1 of each, and the next page's start or None.

    A user has no two windows with the same start and no two events at the same time, so every page makes progress.
    """
    beyond = [window.start for window in windows[limit:]] + [event.raised_at for event in events[limit:]]
    if not beyond:
        return list(windows), list(events), None
    end = min(beyond)
    return [w for w in windows if w.start < end], [e for e in events if e.raised_at < end], end
