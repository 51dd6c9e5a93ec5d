"""SQL queries of the history service."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import LiteralString

from contracts.platform import TABLE_EVENTS, TABLE_HRV
from services.history.time_range import UTC_NAME, Resolution

_MINUTE = timedelta(minutes=1)

_AGGREGATES: dict[Resolution, LiteralString] = {Resolution.HOUR: "hrv_hourly", Resolution.DAY: "hrv_daily"}
_IN_ZONE: dict[Resolution, tuple[LiteralString, LiteralString]] = {
    Resolution.HOUR: ("hour", "2 hours"),
    Resolution.DAY: ("day", "26 hours"),
}
"""The unit, and a time longer than any of a zone, on the days when its clocks are changed too."""

# Ids are compared byte by byte, as Python does, whatever the collation of the database.
EVENTS = f"""
    select event_id, raised_at, received_at, evidence, responded_at, seen_at, missed_at from {TABLE_EVENTS}
    where user_id = %(user)s and raised_at >= %(start)s and raised_at < %(end)s
        and (raised_at, event_id collate "C") >= (%(start)s, %(event_id)s)
    order by raised_at, event_id collate "C" limit %(limit)s"""
"""Events of `user` from the position (`start`, `event_id`) on, before `end`, at most `limit`."""

_MINUTES = f"""
    select minute as start, hr, rmssd, sdnn, pnn50, quality, dropped
    from (
        select at, date_trunc('minute', at - interval '1 microsecond', 'UTC') as minute,
            hr, rmssd, sdnn, pnn50, quality, dropped,
            at - lag(at) over (order by at) as since, lead(at) over (order by at) - at as until
        from {TABLE_HRV} where user_id = %(user)s and at > %(start)s and at <= %(end)s
    ) as windows
    where at = minute + interval '1 minute' or at + least(since, until) > minute + interval '1 minute'
    order by at limit %(limit)s"""


def windows_query(resolution: Resolution, zone: str = UTC_NAME) -> LiteralString:
    """The query for `start, hr, rmssd, sdnn, pnn50, quality` of `user`, oldest first, at most `limit` rows.

    Windows start at `start` or later and before `end`, as `bounds` gives them. A minute has the last window that ends
    in it, its end included: the one after which, at the distance of its neighbours, no other ends in that minute.
    Windows of 60 s every 10 s tile time so without overlap; any other stream has a row a minute too, if its windows
    are evaluated that often. Hours and days are means over the windows that end in them.

    Days of a `zone` other than UTC, and hours, are computed from the windows: the parameter `zone` names it.
    """
    if resolution is Resolution.MINUTE:
        return _MINUTES
    if zone == UTC_NAME:
        return f"""
            select bucket as start, hr, rmssd, sdnn, pnn50, quality
            from {_AGGREGATES[resolution]}(%(user)s, %(start)s, %(end)s) order by bucket limit %(limit)s"""
    unit, longest = _IN_ZONE[resolution]
    return f"""
        select bucket as start, avg(hr) as hr, avg(rmssd) as rmssd, avg(sdnn) as sdnn, avg(pnn50) as pnn50,
            avg(quality) as quality
        from (
            select date_trunc('{unit}', at, %(zone)s) as bucket, hr, rmssd, sdnn, pnn50, quality
            from {TABLE_HRV}
            where user_id = %(user)s and at >= %(start)s and at < %(end)s + interval '{longest}'
        ) as windows
        where bucket >= %(start)s and bucket < %(end)s
        group by bucket order by bucket limit %(limit)s"""


def bounds(resolution: Resolution, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Parameters of `windows_query` for windows that start at `start` or later and before `end`.

    Whole minutes, so that no minute is judged by a part of its windows.
    """
    return (_ceil(start), _ceil(end)) if resolution is Resolution.MINUTE else (start, end)


def _ceil(moment: datetime) -> datetime:
    floor = moment.replace(second=0, microsecond=0)
    return floor if floor == moment else floor + _MINUTE
