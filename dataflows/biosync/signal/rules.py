"""The parameters of the computation, with their defaults and sources. Durations in ms."""

from __future__ import annotations

from typing import Literal

import msgspec

VERSION = "4"
"""Version of the computation, in the evidence of each event: incremented when the same beats give other results."""

HrvDrop = Literal["gate", "score", "ignore"]
THRESHOLDS: dict[str, float] = {"gate": 8.25, "score": 8.5, "ignore": 8.25}
"""Default threshold of each rule, beats a minute (docs/detection.md)."""


class CleanseRules(msgspec.Struct, frozen=True):
    """Which beat-to-beat intervals count as sinus rhythm."""

    min_rr: float = 300.0
    max_rr: float = 2000.0
    """200 to 30 beats a minute: the range of an adult heart from rest to strain."""
    max_step: float = 0.2
    """Share by which an interval may differ from the one before or the running median: Malik's 20 % rule
    (Malik et al., Eur Heart J 1989; 10:1060), common since in HRV software."""


class HrvRules(msgspec.Struct, frozen=True):
    """Rolling windows. 60 s is the shortest whose RMSSD is reported to agree with that of five minutes
    (Munoz et al., PLoS ONE 2015; 10:e0138921)."""

    window: int = 60_000
    every: int = 10_000

    def __post_init__(self) -> None:
        if self.every < 5000 or self.window < self.every or self.window % self.every:
            raise ValueError(f"window ({self.window} ms) must be a multiple of every ({self.every} ms, at least 5000)")


class StressRules(msgspec.Struct, frozen=True):
    """When a rise of heart rate counts as acute stress; docs/detection.md explains how the numbers were found."""

    threshold: float = THRESHOLDS["gate"]
    """Score, in beats a minute above the baseline, from which a window counts."""
    hrv_drop: HrvDrop = "gate"
    """gate: RMSSD must lie below the person's baseline; score: the drop adds to the score; ignore: heart rate alone."""
    heart_rate_rise: float = 0.0
    """Least rise of the heart rate itself, beats a minute above the baseline, whatever the score."""
    min_quality: float = 0.15
    """Least quality of a window that counts. Each episode found on the recordings was found at 0.18 or more."""
    sustain: int = 30_000
    refractory: int = 300_000
    warm_up: int = 180_000
    """Sum of usable intervals before which no event is raised: the baselines have to converge."""


class Rules(msgspec.Struct, frozen=True):
    """All parameters of one dataflow."""

    cleanse: CleanseRules = CleanseRules()
    hrv: HrvRules = HrvRules()
    stress: StressRules = StressRules()
