"""Acute stress from one person's windows: heart rate above the person's resting baseline, HRV below its baseline, and
no exercise that explains it.

    rate   = heart rate over the last RECENT, regular beats, the newest count most
    excess = rate - resting baseline of it
    score  = excess + RISE * (how far excess lies above its own slow mean), smoothed over SMOOTH
    event  = score >= threshold, and ONSET of it for `sustain`; `refractory` after the event before, after `warm_up` of
             usable beats, and RECOVERY after exertion

Exertion is what movement or a declared activity shows (movement.py), and a heart rate at EXERCISE above rest.
`hrv_drop` selects what RMSSD contributes (60 s, natural logarithm, smoothed over HRV_SMOOTH): as a gate it must lie
below the person's baseline when the event is raised; as a score its drop adds SCORE_WEIGHT beats a minute for every
e-fold. docs/detection.md explains where the numbers come from and what each rule finds.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, log

import msgspec

from contracts.records import Evidence
from dataflows.biosync.signal.baseline import UNKNOWN, Baseline, update
from dataflows.biosync.signal.hrv import MIN_BEATS, Window
from dataflows.biosync.signal.movement import Movement
from dataflows.biosync.signal.rules import VERSION, StressRules

RESTING_P = 0.4
RESTING_CLIP = 10.0
RECENT = 25_000
LEAST_BEATS = 5.0
"""Beats in RECENT, of which each counts less the older it is."""
RISE = 1.2
ONSET = 0.7
SLOW = 180_000
SMOOTH = 20_000
RMSSD_P = 0.9
RMSSD_CLIP = 0.5
HRV_SMOOTH = 30_000
SCORE_WEIGHT = 1.0
LARGEST_DROP = 0.5
EXERCISE = 35.0
"""Beats a minute above rest that are exercise. On the recordings 30 to 40 find the same episodes of stress."""
RECOVERY = 300_000
"""ms after exertion in which no event is raised: the heart recovers fast for a minute or two and slowly for several
more (Pecanha et al., Clin Physiol Funct Imaging 2014; 34:327)."""
STALE = 60_000
"""ms after a window's end beyond which the window is too old to raise an event."""


class StressDetector(msgspec.Struct, array_like=True):
    """The detector of one person; state of fixed size."""

    resting: Baseline = UNKNOWN
    """Baseline of the resting heart rate, beats a minute."""
    hrv_baseline: Baseline = UNKNOWN
    """Baseline of ln RMSSD at ease."""
    hrv: float | None = None
    """ln RMSSD, smoothed."""
    slow: float = 0.0
    smoothed: float = 0.0
    at: int = 0
    """End of the last window evaluated; this and the next two in Unix ms, 0 for never."""
    since: int = 0
    raised: int = 0
    usable: float = 0.0
    """ms of usable intervals so far."""
    beats: float = 0.0
    """Recent regular beats, each with its weight."""
    intervals: float = 0.0
    """The sum of their intervals in ms, with the same weights."""
    measured: int = 0
    """Unix ms up to which these are."""

    def evaluate(
        self,
        window: Window,
        now: int,
        of_a_heart: bool,
        beats: int,
        usable: float,
        movement: Movement,
        rules: StressRules,
    ) -> Evidence | None:
        """Evidence if the window completes an event at beat `now`, if a heart gives the signal there; `beats` regular
        ones since the last call took `usable` ms, and `movement` is that until `now`."""
        if not window.quality:  # no sinus rhythm: it says nothing about stress, and nothing about rest
            self.since = 0
            return None
        self.usable += usable
        fade = _fade(window.at - self.measured)
        self.beats = self.beats * fade + beats
        self.intervals = self.intervals * fade + usable
        self.measured = window.at
        if window.beats < MIN_BEATS or self.beats < LEAST_BEATS:
            self.since = 0
            return None
        rate = 60_000.0 * self.beats / self.intervals
        resting = self.resting = update(self.resting, rate, RESTING_P, RESTING_CLIP)
        excess = rate - resting[0]
        if excess >= EXERCISE:
            movement.exert(now)
        elapsed = window.at - self.at
        self.slow += _weight(elapsed, SLOW) * (excess - self.slow)
        rise = excess - self.slow
        score = excess + RISE * rise if rise > 0.0 else excess
        self.smoothed += _weight(elapsed, SMOOTH) * (score - self.smoothed)
        self.at = window.at
        if window.rmssd is not None:
            value = log(window.rmssd) if window.rmssd > 1.0 else 0.0
            self.hrv_baseline = update(self.hrv_baseline, value, RMSSD_P, RMSSD_CLIP)
            self.hrv = value if self.hrv is None else self.hrv + _weight(elapsed, HRV_SMOOTH) * (value - self.hrv)
        return self._raise(window, now, of_a_heart, excess, now - movement.exerted, rules)

    def _raise(
        self, window: Window, now: int, of_a_heart: bool, excess: float, since_exertion: int, rules: StressRules
    ) -> Evidence | None:
        score = self.smoothed
        drop = None if self.hrv is None else self.hrv_baseline[0] - self.hrv
        if rules.hrv_drop == "score" and drop is not None:
            score += SCORE_WEIGHT * max(-LARGEST_DROP, min(LARGEST_DROP, drop))
        if (
            score < ONSET * rules.threshold
            or excess < rules.heart_rate_rise
            or window.quality < rules.min_quality
            or self.usable < rules.warm_up
            or now - window.at > STALE
            or since_exertion < RECOVERY
        ):
            self.since = 0
            return None
        if not self.since:
            self.since = now
        if score < rules.threshold or now - self.since < rules.sustain or not of_a_heart:
            return None
        if rules.hrv_drop == "gate" and (drop is None or drop < 0.0):
            return None
        if self.raised and now - self.raised < rules.refractory:
            return None
        self.raised = now
        return Evidence(
            heart_rate=self.resting[0] + excess,
            baseline_heart_rate=self.resting[0],
            rmssd=window.rmssd,
            baseline_rmssd=exp(self.hrv_baseline[0]) if self.hrv_baseline[1] else None,
            quality=window.quality,
            score=score,
            threshold=rules.threshold,
            rule=rules.hrv_drop,
            version=VERSION,
        )

    def reset_clock(self) -> None:
        """The device's clock was set back: the baselines stay, the timestamps are reset."""
        self.at = self.since = self.raised = self.measured = 0


@lru_cache(maxsize=64)
def _weight(elapsed: int, span: int) -> float:
    """Weight of a new value in an exponential moving average over `span` ms, after `elapsed` ms."""
    return 1.0 - exp(-elapsed / span)


@lru_cache(maxsize=64)
def _fade(elapsed: int) -> float:
    """What the weight of earlier beats is multiplied by after `elapsed` ms."""
    return exp(-elapsed / RECENT)
