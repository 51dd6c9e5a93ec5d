"""Days of a zone, in every zone and around every change of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.zones import UnknownZone, day_end, day_of, day_start, parse_zone

INSTANT = timedelta(microseconds=1)
zones = st.sampled_from(
    [
        *("UTC", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Atlantic/Azores", "Antarctica/Casey"),
        *("Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "Asia/Kathmandu", "America/Asuncion"),
    ]
).map(ZoneInfo)
moments = st.integers(1_100_000_000, 2_050_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(moments, zones)
def test_a_day_ends_when_the_calendar_turns(moment: datetime, zone: ZoneInfo) -> None:
    end, day = day_end(moment, zone), day_of(moment, zone)
    assert end > moment
    assert day_of(end, zone) > day
    assert day_of(end - INSTANT, zone) <= day
    assert end - moment <= timedelta(hours=28)


@pytest.mark.parametrize(
    ("zone", "moment", "end"),
    [
        ("America/Sao_Paulo", "2018-11-03T22:00-03:00", "2018-11-04T03:00Z"),  # midnight does not exist
        ("Pacific/Apia", "2011-12-29T22:00-10:00", "2011-12-30T10:00Z"),  # the next day does not exist
        ("Europe/Berlin", "2026-03-29T01:00+01:00", "2026-03-29T22:00Z"),
        ("Europe/Berlin", "2026-10-25T01:00+02:00", "2026-10-25T23:00Z"),
        ("Antarctica/Casey", "2010-03-04T23:30+08:00", "2010-03-04T16:00Z"),  # midnight comes twice: the second one
    ],
)
def test_where_clocks_change(zone: str, moment: str, end: str) -> None:
    assert day_end(datetime.fromisoformat(moment), ZoneInfo(zone)) == datetime.fromisoformat(end)


def test_a_day_starts_at_its_first_midnight() -> None:
    casey = ZoneInfo("Antarctica/Casey")
    assert day_start(date(2010, 3, 5), casey) == datetime(2010, 3, 4, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("europe/berlin", "Europe/Berlin"),
        ("+02:00", "+02:00 is no IANA time zone"),
        ("../../etc/passwd", "IANA"),
        ("a\x00b", "U+0000"),
        ("x" * 5000, "IANA"),
        ("localtime", "IANA"),
        ("", "an empty text"),
    ],
)
def test_what_is_no_zone_is_refused_with_a_name_to_write(name: str, hint: str) -> None:
    with pytest.raises(UnknownZone) as refused:
        parse_zone(name)
    assert hint in str(refused.value)
