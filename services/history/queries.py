"""SQL queries of the history service."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import LiteralString

from contracts.platform import TABLE_EVENTS, TABLE_HRV
from services.history.time_range import Resolution

MINUTE = timedelta(minutes=1)

_AGGREGATES: dict[Resolution, LiteralString] = {Resolution.HOUR: "hrv_hourly", Resolution.DAY: "hrv_daily"}

EVENTS = f"""
    select event_id, raised_at, received_at, evidence, responded_at, seen_at, missed_at from {TABLE_EVENTS}
    where user_id = %(user)s and raised_at >= %(start)s and raised_at < %(end)s order by raised_at limit %(limit)s"""


def windows_query(resolution: Resolution) -> LiteralString:
    """The query for `start, hr, rmssd, sdnn, pnn50, quality` of `user`, oldest first, at most `limit` rows.

    Windows start at `start` or later and before `end`. Minutes are stored by their end, so for them both parameters are
    a minute later: `bounds` computes them. The store has windows of 60 s every 10 s; those that end on the minute tile
    time without overlap.
    """
    if resolution is Resolution.MINUTE:
        return f"""
            select at - interval '1 minute' as start, hr, rmssd, sdnn, pnn50, quality, dropped from {TABLE_HRV}
            where user_id = %(user)s and at >= %(start)s and at < %(end)s and extract(second from at) = 0
            order by at limit %(limit)s"""
    return f"""
        select bucket as start, hr, rmssd, sdnn, pnn50, quality
        from {_AGGREGATES[resolution]}(%(user)s, %(start)s, %(end)s) order by bucket limit %(limit)s"""


def bounds(resolution: Resolution, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Parameters of `windows_query` for windows that start at `start` or later and before `end`."""
    return (start + MINUTE, end + MINUTE) if resolution is Resolution.MINUTE else (start, end)
