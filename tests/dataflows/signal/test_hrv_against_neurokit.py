"""The measures against a published implementation: NeuroKit2 (Makowski et al., Behav Res Methods 2021; 53:1689)."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
import pytest

from bench.detection.recordings import read
from dataflows.biosync.signal.hrv import RollingWindows, Window
from local.wearables.beats import day_in_minutes, synthesise
from tests.dataflows.beats import START, series
from tests.dataflows.signal.test_hrv import DATA, cleansed

COMPARED = 8
"""Windows compared per series, spread over it: NeuroKit2 takes some 20 ms for one."""


def gap_free(samples: list[tuple[int, float]]) -> list[tuple[Window, list[float]]]:
    """Windows without missing beats, with their intervals."""
    beats = cleansed(samples)
    times = [t for t, _, _ in beats]
    found: list[tuple[Window, list[float]]] = []
    for _, window, *_ in RollingWindows().add(beats, 60_000, 10_000):
        inside = beats[bisect_left(times, window.at - 60_000) : bisect_left(times, window.at)]
        if window.hr is not None and all(d is not None for _, _, d in inside[1:]):
            found.append((window, [rr for _, rr, _ in inside]))
    return found


def assert_same_measures(samples: list[tuple[int, float]]) -> int:
    """Compares some of the windows; returns their number."""
    import neurokit2  # takes seconds, and only these tests need it

    windows = gap_free(samples)
    chosen = windows[:: max(1, len(windows) // COMPARED)]
    for window, intervals in chosen:
        rr = np.array(intervals)
        expected = neurokit2.hrv_time({"RRI": rr, "RRI_Time": np.cumsum(rr) / 1000}).iloc[0]
        n = len(rr)
        assert window.beats == n
        assert window.hr == pytest.approx(60_000 / expected["HRV_MeanNN"], rel=1e-6)
        assert window.rmssd == pytest.approx(expected["HRV_RMSSD"], rel=1e-6)
        assert window.sdnn == pytest.approx(expected["HRV_SDNN"], rel=1e-6)
        # NeuroKit2 divides by the number of intervals, hrv.py by that of the differences, which is lower after gaps.
        assert window.pnn50 == pytest.approx(expected["HRV_pNN50"] * n / (n - 1), rel=1e-6)
    return len(chosen)


@pytest.mark.parametrize("seed", range(3))
def test_synthesised_beats_give_the_same_measures(seed: int) -> None:
    assert assert_same_measures(series(seed, 12, [(6, 9)])) >= COMPARED
    day = [(t + START, rr) for t, rr in synthesise(day_in_minutes(seed, 12), seed)]
    assert assert_same_measures(day) >= COMPARED


@pytest.mark.skipif(not DATA.exists(), reason="the recordings are not beside this checkout")
def test_recordings_give_the_same_measures() -> None:
    compared = [assert_same_measures(read(file.parent).beats) for file in sorted(DATA.glob("*/IBI.csv"))]
    assert len(compared) > 10
    assert sum(compared) > 60
