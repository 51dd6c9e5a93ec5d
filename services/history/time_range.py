"""The time range of a request. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from contracts.visible import visible

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
FORM = "write an ISO 8601 time such as 2026-03-01T00:00:00Z or 2026-03-01T00:00:00%2B02:00"
UTC_NAME = "UTC"

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?")
_LOST_PLUS = re.compile(r"[0-9]{2}:[0-9]{2}\S* ([0-9]{2}(:?[0-9]{2})?)")


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
    """The requested time range is invalid; the text says why and what to write."""


def parse_time(text: str) -> datetime:
    """The time that a query parameter states, without a zone if it states none; raises InvalidTimeRange.

    Numbers are refused: whether they are seconds or milliseconds would be a guess.
    """
    if _NUMBER.fullmatch(text):
        raise InvalidTimeRange(
            f"{visible(text)} is a number, and its unit is not guessed: {FORM}{_as_number(float(text))}"
        )
    if lost := _LOST_PLUS.search(text):
        offset = lost[1]
        raise InvalidTimeRange(
            f"{visible(text)} has a space before {offset}: a + in a URL is a space, write %2B{offset}"
        )
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidTimeRange(f"{visible(text) or 'an empty text'} is not a time: {FORM}") from None


def resolve_range(
    resolution: Resolution, start: datetime | None, end: datetime | None, now: datetime, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """Start and end (exclusive) in UTC; raises InvalidTimeRange if it is empty or outside EARLIEST to LATEST.

    A time without a zone is in `zone`.
    """
    for name, time in (("from", start), ("to", end)):
        # Compared without a zone first: at the ends of the calendar no offset can be subtracted.
        if time is not None and not (
            EARLIEST.replace(tzinfo=None) - _DAY <= time.replace(tzinfo=None) <= LATEST.replace(tzinfo=None) + _DAY
            and EARLIEST <= _in_zone(time, zone) <= LATEST
        ):
            raise InvalidTimeRange(f"`{name}` must be between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d}")
    end = _in_zone(end, zone).astimezone(UTC) if end else now
    start = _in_zone(start, zone).astimezone(UTC) if start else end - DEFAULT_RANGE[resolution]
    if start >= end:
        raise InvalidTimeRange("`from` must be before `to`")
    return start, end


_DAY = timedelta(days=1)


def _in_zone(time: datetime, zone: ZoneInfo) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=zone)


def _as_number(number: float) -> str:
    """What the number would be in seconds and milliseconds, as far as these are in the accepted range."""
    for unit, seconds in (("seconds", number), ("milliseconds", number / 1000)):
        if EARLIEST.timestamp() <= seconds <= LATEST.timestamp():
            moment = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
            return f"; in {unit} it would be {moment.replace('+00:00', 'Z')}"
    return ""
