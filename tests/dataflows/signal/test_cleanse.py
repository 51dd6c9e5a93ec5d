"""Which beats the cleansing keeps and which it drops."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.biosync.signal.cleanse import RESET_AFTER, Beat, Cleanser
from dataflows.biosync.signal.drops import Drops
from dataflows.biosync.signal.hrv import RollingWindows
from dataflows.biosync.signal.rules import CleanseRules
from tests.dataflows.beats import START, series

RULES = CleanseRules()


def beats_of(intervals: list[float], start: int = START) -> list[tuple[int, float]]:
    t, samples = start, list[tuple[int, float]]()
    for rr in intervals:
        t += round(rr)
        samples.append((t, rr))
    return samples


def cleanse(cleanser: Cleanser, samples: list[tuple[int, float]], rules: CleanseRules = RULES) -> list[Beat]:
    return cleanser.cleanse([t for t, _ in samples], [rr for _, rr in samples], rules, Drops())


def cleansed(samples: list[tuple[int, float]], rules: CleanseRules = RULES) -> list[Beat]:
    """The usable beats."""
    return [beat for beat in cleanse(Cleanser(), samples, rules) if beat[1] > 0]


def intervals(beats: list[Beat]) -> list[float]:
    return [rr for _, rr, _ in beats]


def test_regular_beats_are_all_used_but_the_first_which_has_no_reference() -> None:
    kept = cleansed(beats_of([800.0, 810.0, 790.0, 805.0]))
    assert [(rr, d) for _, rr, d in kept] == [(810.0, None), (790.0, -20.0), (805.0, 15.0)]


def test_intervals_out_of_range_are_dropped_and_interrupt_the_differences() -> None:
    kept = cleansed(beats_of([800.0, 800.0, 299.0, 800.0, 2001.0, 800.0, 810.0]))
    assert [(rr, d) for _, rr, d in kept] == [(800.0, None), (800.0, None), (800.0, None), (810.0, 10.0)]


def test_an_ectopic_beat_with_its_pause_is_dropped() -> None:
    assert intervals(cleansed(beats_of([800.0] * 8 + [520.0, 1080.0] + [800.0] * 3))) == [800.0] * 10


def test_a_missed_beat_is_dropped() -> None:
    assert intervals(cleansed(beats_of([800.0] * 8 + [1600.0] + [800.0] * 3))) == [800.0] * 10


def test_an_extra_beat_is_dropped() -> None:
    assert intervals(cleansed(beats_of([800.0] * 8 + [330.0, 470.0] + [800.0] * 3))) == [800.0] * 10


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 20), st.integers(10, 150), st.sampled_from(["ectopic", "missed", "extra"]))
def test_one_artefact_anywhere_removes_only_what_it_touches_and_passes_no_artefact(
    seed: int, at: int, kind: str
) -> None:
    samples = series(seed, 3)
    (_, a), (t, b) = samples[at : at + 2]
    spoilt = {
        "ectopic": [(t - round(a + b - 0.65 * a), 0.65 * a), (t, a + b - 0.65 * a)],
        "missed": [(t, a + b)],
        "extra": [samples[at], (t - round(0.6 * b), 0.4 * b), (t, 0.6 * b)],
    }[kind]
    clean = {(t, rr) for t, rr, _ in cleansed(samples)}
    passed = {(t, rr) for t, rr, _ in cleansed([*samples[:at], *spoilt, *samples[at + 2 :]])}
    assert passed <= clean
    assert len(clean - passed) == (1 if kind == "extra" else 2)


def test_a_lasting_change_of_pace_is_followed_after_a_few_beats() -> None:
    kept = intervals(cleansed(beats_of([1000.0] * 10 + [600.0] * 10)))
    assert kept[:9] == [1000.0] * 9
    assert 5 <= kept.count(600.0) <= 9


def test_artefacts_ruin_rmssd_unless_they_are_dropped() -> None:
    clean = series(11, 3)
    spoilt: list[tuple[int, float]] = []
    for i, (t, rr) in enumerate(clean):
        if i % 20 == 10:
            spoilt += [(t - round(0.6 * rr), 0.4 * rr), (t, 0.6 * rr)]
        elif i % 20 != 15:
            spoilt.append((t, rr if i % 20 != 16 else rr + clean[i - 1][1]))
    everything = CleanseRules(min_rr=0, max_rr=1e9, max_step=1e9)

    def rmssd(samples: list[tuple[int, float]], rules: CleanseRules) -> float:
        closings = RollingWindows().add(cleansed(samples, rules), 60_000, 10_000)
        return closings[-1][1].rmssd or 0.0

    truth = rmssd(clean, everything)
    assert rmssd(spoilt, everything) > 5 * truth
    assert rmssd(spoilt, RULES) == pytest.approx(truth, rel=0.1)


def test_after_a_gap_the_beat_counts_but_not_its_difference() -> None:
    before = beats_of([800.0] * 5)
    after = beats_of([820.0, 830.0], before[-1][0] + 5_000)
    assert [d for _, _, d in cleansed(before + after)][-2:] == [None, 10.0]


def test_late_and_repeated_samples_are_dropped() -> None:
    samples = beats_of([800.0] * 10)
    cleanser = Cleanser()
    cleanse(cleanser, samples)
    for late in (samples[4:6], samples[8:], samples[9:]):
        assert cleanse(cleanser, late) == []


def test_a_long_silence_resets_the_running_median() -> None:
    before = beats_of([800.0] * 10)
    after = beats_of([500.0, 510.0], before[-1][0] + RESET_AFTER + 1)
    assert intervals(cleansed(before + after))[-2:] == [800.0, 510.0]


def test_the_state_continues_wherever_the_series_is_cut() -> None:
    samples = beats_of([800.0, 810.0, 500.0, 1100.0, 790.0, 805.0, 1600.0, 800.0, 790.0, 700.0, 705.0])
    for cut in range(len(samples)):
        cleanser = Cleanser()
        assert cleanse(cleanser, samples[:cut]) + cleanse(cleanser, samples[cut:]) == cleanse(Cleanser(), samples)
