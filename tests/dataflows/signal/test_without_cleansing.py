"""The same computation without cleansing: what the cleansing prevents."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import pytest

from bench.detection.recordings import ZERO, Score, read, score
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.rules import THRESHOLDS, CleanseRules, HrvDrop, Rules, StressRules
from dataflows.biosync.tools.offline import compute_beats
from tests.dataflows.beats import START, Beat, series
from tests.dataflows.signal.test_hrv import DATA

CLEANSED = CleanseRules()
UNCLEANSED = CleanseRules(min_rr=0, max_rr=1e9, max_step=1e9)


def computed(beats: list[Beat], cleanse: CleanseRules, drop: HrvDrop) -> tuple[list[Window], list[int]]:
    """Windows, and the moments of the events."""
    stress = StressRules(hrv_drop=drop, threshold=THRESHOLDS[drop])
    windows, events = compute_beats("ada", beats, Rules(cleanse=cleanse, stress=stress))
    return windows, [event.raised for event in events]


def artefacts(beats: list[Beat], each: int, spoil: Callable[[Beat, Beat], list[Beat]]) -> list[Beat]:
    """Between the minutes 8 and 12 `spoil` replaces one of `each` pairs of beats."""
    spoilt: list[Beat] = []
    for number, (before, beat) in enumerate(zip(beats[::2], beats[1::2], strict=False)):
        hit = 8 <= (beat[0] - START) / 60_000 < 12 and number % each == 0
        spoilt += spoil(before, beat) if hit else [before, beat]
    return spoilt


def extra(before: Beat, beat: Beat) -> list[Beat]:
    """A second wave of the same beat is detected as another beat."""
    t, rr = beat
    return [before, (t - round(0.6 * rr), 0.4 * rr), (t, 0.6 * rr)]


def missed(before: Beat, beat: Beat) -> list[Beat]:
    return [(beat[0], before[1] + beat[1])]


@pytest.mark.parametrize("drop", ["score", "ignore"])
@pytest.mark.parametrize("seed", range(3))
def test_uncleansed_extra_beats_would_raise_an_event_at_rest(seed: int, drop: HrvDrop) -> None:
    rest = series(seed, 16)
    loose = artefacts(rest, 2, extra)
    assert computed(rest, CLEANSED, drop)[1] == computed(loose, CLEANSED, drop)[1] == []
    assert len(computed(loose, UNCLEANSED, drop)[1]) == 1


@pytest.mark.parametrize("seed", range(3))
def test_uncleansed_missed_beats_would_hide_stress_from_the_gate(seed: int) -> None:
    strained = series(seed, 16, [(8, 12)])
    loose = artefacts(strained, 4, missed)
    (when,), (found,) = computed(strained, CLEANSED, "gate")[1], computed(loose, CLEANSED, "gate")[1]
    assert abs(when - found) < 30_000
    assert computed(loose, UNCLEANSED, "gate")[1] == []


@pytest.mark.skipif(not DATA.exists(), reason="the recordings are not beside this checkout")
def test_on_every_recording_uncleansed_beats_inflate_variability_and_raise_more_false_alarms() -> None:
    recordings = [read(file.parent) for file in sorted(DATA.glob("*/IBI.csv"))]
    scores: dict[CleanseRules, Score] = {}
    for cleanse in (CLEANSED, UNCLEANSED):
        raised = [computed(recording.beats, cleanse, "ignore")[1] for recording in recordings]
        each = [score(r, [t / 1000 for t in events]) for r, events in zip(recordings, raised, strict=True)]
        scores[cleanse] = sum(each, ZERO)
    assert scores[UNCLEANSED].alarms > scores[CLEANSED].alarms
    assert scores[UNCLEANSED].hits < scores[CLEANSED].hits
    for recording in recordings:
        usual = [median(w.rmssd for w in computed(recording.beats, cleanse, "gate")[0] if w.rmssd is not None)
                 for cleanse in (CLEANSED, UNCLEANSED)]  # fmt: skip
        assert usual[1] > usual[0], recording.name
