"""Time zones of people, and where their days begin and end. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from contracts.visible import visible

_LINKS_OF_THE_MACHINE = {"localtime", "posixrules", "Factory"}
"""Names in the zone database that are no places."""


class UnknownZone(ValueError):
    """The text names no zone; it says what to write."""


def parse_zone(name: str) -> ZoneInfo:
    """The zone of the IANA database with this name; raises UnknownZone."""
    names = _zone_names()
    if name in names:
        return ZoneInfo(name)
    alike = next((known for known in names if known.lower() == name.lower()), "Europe/Berlin")
    raise UnknownZone(f"{visible(name) or 'an empty text'} is no IANA time zone: write a name such as {alike}")


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day in `zone`: where its midnight comes twice, the first of them."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day that the calendar on the wall shows."""
    return moment.astimezone(zone).date()


def day_end(moment: datetime, zone: ZoneInfo) -> datetime:
    """When the day that is at `moment` ends, in UTC. Where clocks go back over midnight, its last hour is in it."""
    tomorrow = day_of(moment, zone) + timedelta(days=1)
    first = day_start(tomorrow, zone)
    return first if first > moment else datetime.combine(tomorrow, time(fold=1), zone).astimezone(UTC)


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones() - _LINKS_OF_THE_MACHINE)
