"""Rolling measures equal those computed on whole windows."""

from __future__ import annotations

import csv
from bisect import bisect_left

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.biosync.signal.cleanse import Beat, Cleanser
from dataflows.biosync.signal.drops import Drops
from dataflows.biosync.signal.hrv import RollingWindows
from dataflows.biosync.signal.rules import CleanseRules, HrvRules
from local.site import CHECKOUT
from tests.dataflows.beats import START, series
from tests.dataflows.signal.reference import measures

DATA = CHECKOUT.parent / "shared" / "data" / "stress-predict"


def cleansed(samples: list[tuple[int, float]]) -> list[Beat]:
    """The usable beats."""
    times, intervals = [t for t, _ in samples], [rr for _, rr in samples]
    return [beat for beat in Cleanser().cleanse(times, intervals, CleanseRules(), Drops()) if beat[1] > 0]


def assert_equal_to_reference(samples: list[tuple[int, float]]) -> int:
    """Compare every window; returns their number."""
    beats = cleansed(samples)
    closed = RollingWindows().add(beats, 60_000, 10_000)
    times = [t for t, _, _ in beats]
    for now, window, *_ in closed:
        assert now >= window.at
        inside = beats[bisect_left(times, window.at - 60_000) : bisect_left(times, window.at)]
        hr, rmssd, sdnn, pnn50, n = measures(inside, window.at)
        for actual, expected in ((window.hr, hr), (window.rmssd, rmssd), (window.sdnn, sdnn), (window.pnn50, pnn50)):
            assert actual == (None if expected is None else pytest.approx(expected, rel=1e-6, abs=1e-3))
        assert window.beats == n
        filled = sum(rr for _, rr, _ in inside)
        assert window.quality == pytest.approx(min(1.0, filled / 60_000))
    ends = [window.at for _, window, *_ in closed]
    assert ends == sorted(set(ends))
    return len(closed)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(250, 2200), st.sampled_from([0, 0, 0, 0, 0, 30, 700, 9_000, 45_000, 200_000])),
        max_size=250,
    )
)
def test_any_beats_and_gaps_give_the_measures_of_the_whole_window(steps: list[tuple[float, int]]) -> None:
    t, samples = START, list[tuple[int, float]]()
    for rr, gap in steps:
        t += round(rr) + gap
        samples.append((t, rr))
    assert_equal_to_reference(samples)


def test_a_long_clean_series_gives_the_measures_of_the_whole_window() -> None:
    assert assert_equal_to_reference(series(1, 30, [(10, 14)])) > 170


@pytest.mark.skipif(not DATA.exists(), reason="the recordings are not beside this checkout")
def test_recordings_give_the_measures_of_the_whole_window() -> None:
    windows = 0
    for path in sorted(DATA.glob("*/IBI.csv")):
        with path.open() as file:
            rows = [row for row in csv.reader(file) if row]
        origin = float(rows[0][0])
        samples = [(round((origin + float(a)) * 1000), float(b) * 1000) for a, b, *_ in rows[1:]]
        windows += assert_equal_to_reference(samples)
    assert windows > 1000


def test_too_few_beats_give_no_value_but_their_number_and_quality() -> None:
    samples = [(START + i * 800, 800.0) for i in range(10)] + [(START + 70_000, 800.0), (START + 70_800, 800.0)]
    closed = RollingWindows().add(cleansed(samples), 60_000, 10_000)
    first = closed[0][1]
    assert (first.hr, first.rmssd, first.sdnn, first.pnn50) == (None, None, None, None)
    assert first.beats == 9
    assert first.quality == pytest.approx(9 * 800 / 60_000)


@pytest.mark.parametrize(("window", "every"), [(60_000, 7_000), (60_000, 1_000), (5_000, 10_000)])
def test_windows_that_are_no_multiple_of_the_bucket_are_rejected(window: int, every: int) -> None:
    with pytest.raises(ValueError, match="multiple"):
        HrvRules(window=window, every=every)
