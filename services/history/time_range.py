"""Which rows of the store answer a question about a stretch of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import LiteralString

from contracts.platform import TABLE_EVENTS, TABLE_HRV

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class Resolution(StrEnum):
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


USUAL = {Resolution.MINUTE: timedelta(hours=3), Resolution.HOUR: timedelta(days=7), Resolution.DAY: timedelta(days=30)}
"""How far back an answer reaches when nobody says."""
MINUTE = timedelta(minutes=1)

_SUMMED: dict[Resolution, LiteralString] = {Resolution.HOUR: "hrv_hourly", Resolution.DAY: "hrv_daily"}

EVENTS = f"""
    select event_id, raised_at, received_at, evidence, responded_at, seen_at, missed_at from {TABLE_EVENTS}
    where user_id = %(user)s and raised_at >= %(start)s and raised_at < %(end)s order by raised_at limit %(limit)s"""


class BadSpan(ValueError):
    """The stretch of time asked for makes no sense; the text says why."""


def span(
    resolution: Resolution, start: datetime | None, end: datetime | None, now: datetime
) -> tuple[datetime, datetime]:
    """Start and end (exclusive) in UTC; raises BadSpan for an empty one and for one outside EARLIEST to LATEST."""
    for name, moment in (("from", start), ("to", end)):
        if moment is not None and not EARLIEST <= _zoned(moment) <= LATEST:
            raise BadSpan(f"`{name}` must lie between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d}")
    end = _zoned(end).astimezone(UTC) if end else now
    start = _zoned(start).astimezone(UTC) if start else end - USUAL[resolution]
    if start >= end:
        raise BadSpan("`from` must lie before `to`")
    return start, end


def windows_query(resolution: Resolution) -> LiteralString:
    """The statement that gives `start, hr, rmssd, sdnn, pnn50, quality`, oldest first, at most `limit`, of `user`.

    Its windows start at `start` or later and before `end`. A minute's row is found by its end, so for minutes those
    two are the ends, a minute later: `bounds` gives them. Rows of the store are windows of 60 s every 10 s; those that
    end on the minute tile time without overlap.
    """
    if resolution is Resolution.MINUTE:
        return f"""
            select at - interval '1 minute' as start, hr, rmssd, sdnn, pnn50, quality from {TABLE_HRV}
            where user_id = %(user)s and at >= %(start)s and at < %(end)s and extract(second from at) = 0
            order by at limit %(limit)s"""
    return f"""
        select bucket as start, hr, rmssd, sdnn, pnn50, quality
        from {_SUMMED[resolution]}(%(user)s, %(start)s, %(end)s) order by bucket limit %(limit)s"""


def bounds(resolution: Resolution, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """`start` and `end` for `windows_query`, of windows that start from `start` on and before `end`."""
    return (start + MINUTE, end + MINUTE) if resolution is Resolution.MINUTE else (start, end)


def _zoned(moment: datetime) -> datetime:
    """A moment without a zone is meant as UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
