"""Which rows of the store answer a question about a stretch of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import LiteralString

from contracts.platform import TABLE_EVENTS, TABLE_HRV

MOST_ROWS = 3_000
"""Windows, or events, of one answer; more are on the next page."""


class Resolution(StrEnum):
    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


LENGTH = {
    Resolution.MINUTE: timedelta(minutes=1),
    Resolution.HOUR: timedelta(hours=1),
    Resolution.DAY: timedelta(days=1),
}
USUAL = {Resolution.MINUTE: timedelta(hours=3), Resolution.HOUR: timedelta(days=7), Resolution.DAY: timedelta(days=30)}
"""How far back an answer reaches when nobody says."""

_VIEW: dict[Resolution, LiteralString] = {Resolution.HOUR: "hrv_hourly", Resolution.DAY: "hrv_daily"}

EVENTS = f"""
    select event_id, raised_at, evidence, responded_at from {TABLE_EVENTS}
    where user_id = %(user)s and raised_at >= %(start)s and raised_at < %(end)s order by raised_at"""


class BadSpan(ValueError):
    """The stretch of time asked for makes no sense; the text says why."""


def span(
    resolution: Resolution, start: datetime | None, end: datetime | None, now: datetime
) -> tuple[datetime, datetime]:
    """Start and end (exclusive) in UTC; raises BadSpan for an empty one or one of more than `MOST_ROWS` rows."""
    end = _utc(end) if end else now
    start = _utc(start) if start else end - USUAL[resolution]
    if start >= end:
        raise BadSpan("`from` must lie before `to`")
    if (end - start) / LENGTH[resolution] > MOST_ROWS:
        raise BadSpan(f"more than {MOST_ROWS} {resolution}s: ask for less at a time, or for a coarser resolution")
    return start, end


def windows_query(resolution: Resolution) -> LiteralString:
    """The statement that gives `start, hr, rmssd, sdnn, pnn50, quality` of user, start, end.

    Rows of the store are windows of 60 s every 10 s; those that end on the minute tile time without overlap.
    """
    if resolution is Resolution.MINUTE:
        return f"""
            select at - interval '1 minute' as start, hr, rmssd, sdnn, pnn50, quality from {TABLE_HRV}
            where user_id = %(user)s and at > %(start)s and at <= %(end)s and extract(second from at) = 0 order by at"""
    return f"""
        select bucket as start, hr, rmssd, sdnn, pnn50, quality from {_VIEW[resolution]}
        where user_id = %(user)s and bucket >= %(start)s and bucket < %(end)s order by bucket"""


def _utc(moment: datetime) -> datetime:
    """A moment without a zone is meant as UTC."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
