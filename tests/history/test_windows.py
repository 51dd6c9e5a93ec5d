"""Minutes, hours and days of any stream, in any zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from tests.history.harness import BOUNDS, JUNE, PAUSING, SILENCES, START, TURNS, Store, get_history, pages

pytestmark = pytest.mark.integration


def test_minutes_tile_the_hours_without_overlap(history: httpx.Client, key: ECKey) -> None:
    windows = get_history(history, key, **BOUNDS).json()["windows"]
    starts = [datetime.fromisoformat(w["start"]) for w in windows]
    assert starts == [START + timedelta(minutes=i) for i in range(120)]
    assert {w["hr"] for w in windows} == {60.0}
    assert {w["dropped"] for w in windows} == {3}


@pytest.mark.parametrize(("resolution", "count"), [("hour", 3), ("day", 1)])
def test_hours_and_days_are_means(history: httpx.Client, key: ECKey, resolution: str, count: int) -> None:
    bounds = {"from": (START - timedelta(days=1)).isoformat(), "to": (START + timedelta(hours=6)).isoformat()}
    windows = get_history(history, key, resolution=resolution, **bounds).json()["windows"]
    assert 1 <= len(windows) <= count + 1
    assert windows[0]["rmssd"] == pytest.approx(40)


@pytest.mark.parametrize(("window", "every"), [(60, 10), (90, 45), (49, 7), (60, 60), (20, 20), (300, 50)])
def test_a_stream_of_any_window_has_a_row_for_each_minute(
    history: httpx.Client, key: ECKey, window: int, every: int
) -> None:
    windows = get_history(history, key, f"every-{every}", **BOUNDS).json()["windows"]
    starts = [datetime.fromisoformat(w["start"]) for w in windows]
    assert starts == [START + timedelta(minutes=i) for i in range(20)]
    ends = list(range(every, 20 * 60 + 1, every))
    last = [max(end for end in ends if 60 * i < end <= 60 * (i + 1)) for i in range(20)]
    assert [w["hr"] for w in windows] == [float(end) for end in last]


def last_windows(every: int) -> list[tuple[datetime, float]]:
    """Of a user `pausing-`: start and heart rate of the last window of each minute that has one."""
    last: dict[int, int] = {}
    for end in range(every, 20 * 60 + 1, every):
        if not any(first < end <= past for first, past in SILENCES):
            last[(end - 1) // 60] = end
    return [(START + timedelta(minutes=minute), float(end)) for minute, end in last.items()]


def measured(windows: list[dict[str, Any]]) -> list[tuple[datetime, float]]:
    return [(datetime.fromisoformat(window["start"]), window["hr"]) for window in windows]


@pytest.mark.parametrize("every", PAUSING)
def test_each_minute_has_its_last_window_also_before_a_silence(history: httpx.Client, key: ECKey, every: int) -> None:
    assert measured(get_history(history, key, f"pausing-{every}", **BOUNDS).json()["windows"]) == last_windows(every)


@given(
    every=st.sampled_from(PAUSING),
    limit=st.integers(1, 25),
    first=st.integers(0, 1_260),
    length=st.one_of(st.integers(1, 120), st.integers(1, 1_260)),
)
@example(every=45, limit=1, first=0, length=1_200)
@example(every=45, limit=1_000, first=19 * 60, length=60)
@example(every=30, limit=1, first=240, length=60)
@settings(max_examples=40, deadline=None)
def test_a_minute_is_the_same_on_any_page_of_any_range(
    history: httpx.Client, key: ECKey, every: int, limit: int, first: int, length: int
) -> None:
    start, past = START + timedelta(seconds=first), START + timedelta(seconds=first + length)
    bounds = {"from": start.isoformat(), "to": past.isoformat(), "limit": str(limit)}
    windows, _ = pages(history, key, f"pausing-{every}", **bounds)
    assert measured(windows) == [one for one in last_windows(every) if start <= one[0] < past]


def test_a_minute_waits_for_its_last_window(history: httpx.Client, key: ECKey, store: Store) -> None:
    """A window that another one of its minute may follow is not shown, so that a minute that was read stays."""
    minute = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    bounds = {"from": minute.isoformat(), "to": (minute + timedelta(minutes=1)).isoformat()}
    store("present", minute + timedelta(seconds=30), 61)
    assert get_history(history, key, "present", **bounds).json()["windows"] == []
    store("present", minute + timedelta(seconds=75), 62)
    assert measured(get_history(history, key, "present", **bounds).json()["windows"]) == [(minute, 61.0)]


@pytest.mark.parametrize(
    ("zone", "offset"),
    [("Asia/Tokyo", "+09:00"), ("Asia/Kolkata", "+05:30"), ("America/Los_Angeles", "-07:00"), ("UTC", "Z")],
)
@pytest.mark.parametrize("limit", ["1", "1000"])
def test_days_are_those_of_the_zone(history: httpx.Client, key: ECKey, zone: str, offset: str, limit: str) -> None:
    bounds = {"from": "2021-06-01", "to": "2021-06-04", "resolution": "day", "zone": zone, "limit": limit}
    answer = get_history(history, key, "traveller", **bounds).json()
    assert answer["zone"] == zone
    windows, _ = pages(history, key, "traveller", **bounds)
    assert [w["start"] for w in windows] == [f"2021-06-0{day}T00:00:00{offset}" for day in (1, 2, 3)]
    measured: dict[str, list[int]] = {}
    for hour in range(-24, 96):
        local = (JUNE + timedelta(hours=hour)).astimezone(ZoneInfo(zone))
        measured.setdefault(f"{local:%Y-%m-%dT00:00:00}{offset}", []).append(100 + hour)
    assert [w["hr"] for w in windows] == [pytest.approx(fmean(measured[w["start"]])) for w in windows]


def test_hours_of_a_zone_with_half_an_hour_begin_at_its_full_hours(history: httpx.Client, key: ECKey) -> None:
    bounds = {"from": "2021-06-01T00:00", "to": "2021-06-01T03:00", "resolution": "hour", "zone": "Asia/Kolkata"}
    windows = get_history(history, key, "traveller", **bounds).json()["windows"]
    assert [w["start"] for w in windows] == [f"2021-06-01T0{hour}:00:00+05:30" for hour in range(3)]


def test_a_day_of_changed_clocks_has_its_own_length(history: httpx.Client, key: ECKey) -> None:
    """In Berlin 28 March 2021 has 23 hours."""
    bounds = {"from": "2021-03-27", "to": "2021-03-30", "resolution": "day", "zone": "Europe/Berlin"}
    windows = get_history(history, key, "sleeper", **bounds).json()["windows"]
    assert [w["start"] for w in windows] == [
        "2021-03-27T00:00:00+01:00",
        "2021-03-28T00:00:00+01:00",
        "2021-03-29T00:00:00+02:00",
    ]
    assert [w["hr"] for w in windows] == [60.0, 70.0, 80.0]


@pytest.mark.parametrize("limit", ["1", "2", "1000"])
@pytest.mark.parametrize("resolution", ["hour", "day"])
@pytest.mark.parametrize("zone", TURNS)
def test_where_clocks_are_changed_every_row_counts_once_whatever_the_page(
    history: httpx.Client, key: ECKey, zone: str, resolution: str, limit: str
) -> None:
    user, turn = TURNS[zone]
    measured: dict[tuple[int, ...] | datetime, list[int]] = {}
    for i in range(-120, 120):
        moment = turn + timedelta(minutes=30 * i)
        local = moment.astimezone(ZoneInfo(zone))
        hour = moment - timedelta(minutes=local.minute)
        measured.setdefault((local.year, local.month, local.day) if resolution == "day" else hour, []).append(100 + i)
    bounds = {"from": (turn - timedelta(days=4)).isoformat(), "to": (turn + timedelta(days=4)).isoformat()}
    windows, _ = pages(history, key, user, zone=zone, resolution=resolution, limit=limit, **bounds)
    assert [w["hr"] for w in windows] == [pytest.approx(fmean(values)) for values in measured.values()]
    starts = [datetime.fromisoformat(w["start"]) for w in windows]
    assert starts == sorted(set(starts))
    if resolution == "hour":
        assert starts == list(measured)
    else:
        assert [(start.year, start.month, start.day) for start in starts] == list(measured)
        first = [turn + timedelta(minutes=30 * (min(values) - 100)) for values in measured.values()]
        assert starts[1:] == first[1:]
