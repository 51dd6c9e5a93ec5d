"""Acute stress from one person's windows: heart rate above the person's resting baseline, and HRV below its baseline.

    excess = heart rate (60 s) - resting baseline of it
    score  = excess + RISE * (how far excess lies above its own slow mean), smoothed over SMOOTH
    event  = score >= threshold for `sustain`, `refractory` after the event before, after `warm_up` of usable beats

`hrv_drop` selects what RMSSD contributes (60 s, natural logarithm, smoothed over HRV_SMOOTH): as a gate it must lie
below the person's baseline; as a score its drop adds SCORE_WEIGHT beats a minute for every e-fold. docs/detection.md
explains where the numbers come from and what each rule finds.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, log

import msgspec

from contracts.records import Evidence
from dataflows.biosync.signal.baseline import UNKNOWN, Baseline, update
from dataflows.biosync.signal.hrv import MIN_BEATS, Window
from dataflows.biosync.signal.rules import VERSION, StressRules

RESTING_P = 0.4
RESTING_CLIP = 10.0
RISE = 0.8
SLOW = 180_000
SMOOTH = 20_000
RMSSD_P = 0.9
RMSSD_CLIP = 0.5
HRV_SMOOTH = 30_000
SCORE_WEIGHT = 1.0
LARGEST_DROP = 0.5
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

    def evaluate(self, window: Window, now: int, usable: float, rules: StressRules) -> Evidence | None:
        """Evidence if the window completes an event at beat `now`; `usable`: ms of intervals since the last call."""
        if not window.quality:  # no sinus rhythm: it says nothing about stress, and nothing about rest
            self.since = 0
            return None
        self.usable += usable
        rate = window.hr
        if rate is None or window.beats < MIN_BEATS:
            self.since = 0
            return None
        resting = self.resting = update(self.resting, rate, RESTING_P, RESTING_CLIP)
        excess = rate - resting[0]
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
        return self._raise(window, now, excess, rules)

    def _raise(self, window: Window, now: int, excess: float, rules: StressRules) -> Evidence | None:
        score = self.smoothed
        drop = None if self.hrv is None else self.hrv_baseline[0] - self.hrv
        if rules.hrv_drop == "gate":
            allowed = drop is not None and drop >= 0.0
        else:
            allowed = True
            if rules.hrv_drop == "score" and drop is not None:
                score += SCORE_WEIGHT * max(-LARGEST_DROP, min(LARGEST_DROP, drop))
        if (
            not allowed
            or score < rules.threshold
            or excess < rules.heart_rate_rise
            or window.quality < rules.min_quality
            or self.usable < rules.warm_up
            or now - window.at > STALE
        ):
            self.since = 0
            return None
        if not self.since:
            self.since = now
        if now - self.since < rules.sustain or (self.raised and now - self.raised < rules.refractory):
            return None
        self.raised = now
        return Evidence(
            heart_rate=window.hr or 0.0,
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
        self.at = self.since = self.raised = 0


@lru_cache(maxsize=64)
def _weight(elapsed: int, span: int) -> float:
    """Weight of a new value in an exponential moving average over `span` ms, after `elapsed` ms."""
    return 1.0 - exp(-elapsed / span)
