"""SQL queries of the history service."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import LiteralString
from zoneinfo import ZoneInfo

from contracts.platform import TABLE_EVENTS, TABLE_HRV
from services.history.time_range import UTC_NAME, Resolution
from services.kit.zones import day_start

UTC_ZONE = ZoneInfo(UTC_NAME)
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

SETTLED = timedelta(minutes=5)
"""How long after a minute nothing more is expected of it although no later window is stored: a silence has begun."""

_AGGREGATES: dict[Resolution, LiteralString] = {Resolution.HOUR: "hrv_hourly", Resolution.DAY: "hrv_daily"}

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
            hr, rmssd, sdnn, pnn50, quality, dropped, lead(at) over (order by at) as following
        from {TABLE_HRV} where user_id = %(user)s and at > %(start)s and at <= %(end)s
    ) as windows
    where coalesce(
        following > minute + interval '1 minute',
        at = minute + interval '1 minute' or minute + interval '1 minute' <= %(settled)s
            or exists (select from {TABLE_HRV} where user_id = %(user)s and at > %(end)s)
    )
    order by at limit %(limit)s"""
_MEANS = f"""avg(hr) as hr, avg(rmssd) as rmssd, avg(sdnn) as sdnn, avg(pnn50) as pnn50, avg(quality) as quality
    from (
        select *, date_trunc('hour', at, %(zone)s) as hour, (at at time zone %(zone)s)::date as day from {TABLE_HRV}
        where user_id = %(user)s and at >= %(start)s and at < %(end)s
    ) as windows"""
_HOURS = f"""
    select hour as start, {_MEANS}
    where hour >= %(start)s and hour < %(past)s
    group by 1 order by 1 limit %(limit)s"""
_DAYS = f"""
    select day as start, {_MEANS}
    where day >= %(first)s and day <= %(last)s
    group by 1 order by 1 limit %(limit)s"""


def windows_query(resolution: Resolution, zone: str = UTC_NAME) -> LiteralString:
    """The query for `start, hr, rmssd, sdnn, pnn50, quality` of `user`, oldest first, at most `limit` rows.

    Its parameters are `user`, `limit`, `zone`, `settled` and those of `bounds`. A minute has the last window that ends
    in it, its end included, once no other is to come: it ends with the minute, a window after that minute is stored,
    wherever the range ends, or the minute was over at `settled`. So a page or a range cuts nothing off, and only beats
    that arrive after that change a minute that was shown. Windows of 60 s every 10 s tile time without overlap; any
    other stream has a row a minute too, if its windows are evaluated that often. Hours and days are means over the
    windows that end in them.

    Days of a `zone` other than UTC, and hours, are computed from the windows. The start of such a day is its date.
    """
    if resolution is Resolution.MINUTE:
        return _MINUTES
    if zone == UTC_NAME:
        return f"""
            select bucket as start, hr, rmssd, sdnn, pnn50, quality
            from {_AGGREGATES[resolution]}(%(user)s, %(start)s, %(end)s) order by bucket limit %(limit)s"""
    return _HOURS if resolution is Resolution.HOUR else _DAYS


def bounds(
    resolution: Resolution, start: datetime, end: datetime, zone: ZoneInfo = UTC_ZONE
) -> dict[str, datetime | date]:
    """Parameters of `windows_query` for windows that start at `start` or later and before `end`.

    Whole minutes, hours and days, so that none is judged by a part of its windows.
    """
    if resolution is Resolution.MINUTE:
        return {"start": _ceil(start), "end": _ceil(end)}
    if zone.key == UTC_NAME:
        return {"start": start, "end": end}
    if resolution is Resolution.HOUR:
        return {"start": start, "end": end + _HOUR, "past": end}
    first = _day_from(start, zone)
    last = _day_from(end, zone) - _DAY
    # Where clocks go back over midnight, a day's last hour comes after the first of the next one.
    return {"first": first, "last": last, "start": day_start(first, zone), "end": day_start(last + 2 * _DAY, zone)}


def _day_from(moment: datetime, zone: ZoneInfo) -> date:
    """The first day that begins at `moment` or later."""
    day = moment.astimezone(zone).date()
    while day_start(day, zone) < moment:
        day += _DAY
    return day


def _ceil(moment: datetime) -> datetime:
    floor = moment.replace(second=0, microsecond=0)
    return floor if floor == moment else floor + _MINUTE
