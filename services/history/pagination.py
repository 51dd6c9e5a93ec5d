"""An answer in pages. A page is a stretch of time, so windows and events of it belong together. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar

MOST = 3_000
"""Windows, and events, of one page."""
USUAL = 1_000


class Started(Protocol):
    @property
    def start(self) -> datetime: ...


class Raised(Protocol):
    @property
    def raised_at(self) -> datetime: ...


W = TypeVar("W", bound=Started)
E = TypeVar("E", bound=Raised)


def page(windows: Sequence[W], events: Sequence[E], limit: int) -> tuple[list[W], list[E], datetime | None]:
    """What of the oldest `limit` + 1 windows and events is on this page, and where the next begins, None for nowhere.

    A person has no two windows of one start and no two events of one moment, so each page moves on.
    """
    beyond = [window.start for window in windows[limit:]] + [event.raised_at for event in events[limit:]]
    if not beyond:
        return list(windows), list(events), None
    end = min(beyond)
    return [w for w in windows if w.start < end], [e for e in events if e.raised_at < end], end
