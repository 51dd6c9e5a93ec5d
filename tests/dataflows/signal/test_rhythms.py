"""Rhythms that are no sinus rhythm, and signals that no heart gives: a heart rate with its quality, and no event."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import get_args

import pytest

from contracts.records import StressEvent
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.rules import THRESHOLDS, HrvDrop, Rules, StressRules
from dataflows.biosync.tools.offline import compute_beats
from tests.dataflows.beats import START, Beat, series

Rhythm = Callable[[random.Random, int], float]
IRREGULAR: dict[str, Rhythm] = {
    "bigeminy": lambda _, i: 600.0 if i % 2 else 1000.0,
    "bigeminy, not exact": lambda r, i: (600.0 if i % 2 else 1000.0) + r.gauss(0, 20),
    "trigeminy": lambda r, i: (800, 560, 1040)[i % 3] + r.gauss(0, 20),
    "atrial fibrillation": lambda r, _: r.uniform(450, 1100),
}
ARTIFICIAL: dict[str, Rhythm] = {
    "constant": lambda _, __: 620.0,
    "rounded to 1 ms": lambda _, i: 620.0 + i % 2,
    "rounded at random": lambda r, _: 620.0 + r.choice([-1, 0, 1]),
    "two values at random": lambda r, _: r.choice([620.0, 650.0]),
    "two values next to each other": lambda r, _: r.choice([620.0, 630.0]),
    "two steps of a coarse clock": lambda _, i: 625.0 if i % 5 else 609.375,
    "ramp": lambda _, i: 600.0 + 5 * (i % 20),
    "slow ramp": lambda _, i: 600.0 + 0.7 * (i % 130),
    "triangle": lambda _, i: 600.0 + 4 * abs(i % 40 - 20),
    "four values": lambda _, i: (600.0, 650.0, 700.0, 640.0)[i % 4],
    "sine": lambda _, i: 700.0 + (0, 15, 28, 37, 40, 37, 28, 15, 0, -15, -28, -37, -40, -37, -28, -15)[i % 16],
}


def beats(rhythm: Rhythm, count: int = 900, start: int = START, seed: int = 1) -> list[Beat]:
    random_, t, made = random.Random(seed), start, list[Beat]()
    for i in range(count):
        rr = rhythm(random_, i)
        t += round(rr)
        made.append((t, rr))
    return made


def computed(given: list[Beat], rule: HrvDrop = "ignore", **stress: float) -> tuple[list[Window], list[StressEvent]]:
    rules = Rules(stress=StressRules(hrv_drop=rule, threshold=THRESHOLDS[rule], **stress))  # pyright: ignore[reportArgumentType]
    return compute_beats("ada", given, rules)


@pytest.mark.parametrize("name", [*IRREGULAR, *ARTIFICIAL])
def test_every_rhythm_has_a_heart_rate_with_its_quality(name: str) -> None:
    made = beats((IRREGULAR | ARTIFICIAL)[name])
    windows, _ = computed(made)
    assert len(windows) >= (made[-1][0] - made[0][0]) // 10_000 - 1
    rate = 60_000 / (sum(rr for _, rr in made) / len(made))
    settled = windows[12:]
    assert [window.hr for window in settled] == [pytest.approx(rate, rel=0.1)] * len(settled)
    poor = sum(window.quality < StressRules().min_quality for window in settled)
    assert poor >= 0.9 * len(settled)


@pytest.mark.parametrize("rule", get_args(HrvDrop))
@pytest.mark.parametrize("name", [*IRREGULAR, *ARTIFICIAL])
def test_no_event_comes_from_it_nor_where_it_follows_rest(name: str, rule: HrvDrop) -> None:
    for seed in range(6):
        assert computed(beats((IRREGULAR | ARTIFICIAL)[name], seed=seed), rule)[1] == []
        rest = series(seed, 8)
        then = beats((IRREGULAR | ARTIFICIAL)[name], start=rest[-1][0], seed=seed)
        assert computed([*rest, *then], rule)[1] == []


NOISE: dict[str, Rhythm] = {
    "slow and irregular": lambda r, _: r.uniform(650, 1500),
    "a slow bigeminy": lambda _, i: 900.0 if i % 2 else 1500.0,
    "stuck": lambda _, __: 1400.0,
}


@pytest.mark.parametrize("rule", get_args(HrvDrop))
@pytest.mark.parametrize("name", NOISE)
def test_a_signal_of_no_quality_teaches_the_baselines_nothing(name: str, rule: HrvDrop) -> None:
    """Rest after it is no rise over a baseline that it drew down."""
    for seed in range(4):
        before = series(seed, 6)
        noise = beats(NOISE[name], 1_100, before[-1][0], seed)
        rest = series(seed, 20, start=noise[-1][0])
        assert computed([*before, *noise, *rest], rule)[1] == []
        if name != "stuck":  # before it is recognised, half a minute of it counts
            assert computed([*noise, *rest], rule)[1] == []


def test_after_such_a_signal_stress_is_noticed_as_before() -> None:
    stuck = beats(ARTIFICIAL["constant"], 300)
    after = series(3, 16, [(8, 12)], (stuck[-1][0] // 10_000 + 1) * 10_000)
    (event,) = computed([*stuck, *after])[1]
    (alone,) = computed(after)[1]
    assert abs(event.raised - alone.raised) < 30_000
    assert event.evidence.quality > 0.9


@pytest.mark.parametrize(
    "even",
    [
        lambda r, _: 380.0 + r.gauss(0, 2.5),
        lambda r, _: float(round(400 + r.gauss(0, 2))),
        lambda r, _: 15.625 * round((420 + r.gauss(0, 16)) / 15.625),
    ],
    ids=["at the greatest strain", "in whole ms", "on a clock of 1/64 s"],
)
def test_a_heart_at_strain_is_no_artificial_signal(even: Rhythm) -> None:
    windows, _ = computed(beats(even))
    assert min(window.quality for window in windows[12:]) > 0.9


def test_no_event_comes_from_a_window_below_the_declared_quality() -> None:
    strained = series(7, 16, [(8, 12)])
    sparse = [beat for i, beat in enumerate(strained) if i // 4 % 2]
    (event,) = computed(sparse)[1]
    assert event.evidence.quality < 0.6
    assert computed(sparse, min_quality=0.7)[1] == []
    assert len(computed(strained, min_quality=0.7)[1]) == 1
