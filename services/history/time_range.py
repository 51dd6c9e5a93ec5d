"""The time range of a request. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class Resolution(StrEnum):
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


DEFAULT_RANGE = {
    Resolution.MINUTE: timedelta(hours=3),
    Resolution.HOUR: timedelta(days=7),
    Resolution.DAY: timedelta(days=30),
}
"""Length of the time range if the request has no `from`."""


class InvalidTimeRange(ValueError):
    """The requested time range is invalid; the text says why."""


def resolve_range(
    resolution: Resolution, start: datetime | None, end: datetime | None, now: datetime
) -> tuple[datetime, datetime]:
    """Start and end (exclusive) in UTC; raises InvalidTimeRange if it is empty or outside EARLIEST to LATEST."""
    for name, time in (("from", start), ("to", end)):
        if time is not None and not EARLIEST <= _with_zone(time) <= LATEST:
            raise InvalidTimeRange(f"`{name}` must be between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d}")
    end = _with_zone(end).astimezone(UTC) if end else now
    start = _with_zone(start).astimezone(UTC) if start else end - DEFAULT_RANGE[resolution]
    if start >= end:
        raise InvalidTimeRange("`from` must be before `to`")
    return start, end


def _with_zone(time: datetime) -> datetime:
    """A time without a zone is UTC."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
