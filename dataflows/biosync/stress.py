"""Acute stress out of the windows of one person: heart rate above the person's own resting level, and HRV below it.

    excess = heart rate (60 s) - resting level of it
    score  = excess + RISE * (how far excess lies above its own slow mean), smoothed over SMOOTH
    event  = score >= threshold for `sustain`, `refractory` after the event before, after `warm_up` of usable beats

`hrv_drop` says what RMSSD adds (60 s, natural logarithm, smoothed over HRV_SMOOTH): as a gate it must lie below the person's
own level; as a score its drop adds SCORE_WEIGHT beats a minute for every e-fold. docs/detection.md tells where the numbers
come from and what each rule finds.
"""

from __future__ import annotations

from math import exp, log
from typing import Any

from contracts.records import Evidence
from dataflows.biosync.hrv import Window
from dataflows.biosync.level import UNKNOWN, Level, learn
from dataflows.biosync.rules import VERSION, StressRules

RESTING_P = 0.4
RESTING_CLIP = 10.0
RISE = 0.6
SLOW = 180_000
SMOOTH = 20_000
RMSSD_P = 0.7
RMSSD_CLIP = 0.5
HRV_SMOOTH = 60_000
SCORE_WEIGHT = 2.0
LARGEST_DROP = 0.5
STALE = 60_000
"""ms after a window's end beyond which it no longer tells of now."""
BROKEN = 120_000
"""ms without a window after which what was smoothed starts anew."""


class Stress:
    """Detector of one person; state of fixed size."""

    __slots__ = ("_at", "_hrv", "_raised", "_resting", "_since", "_slow", "_smoothed", "_usable", "_usual_hrv")

    def __init__(self) -> None:
        self._resting: Level = UNKNOWN
        self._usual_hrv: Level = UNKNOWN
        self._hrv: float | None = None
        self._slow = 0.0
        self._smoothed = 0.0
        self._at = 0
        self._since = 0
        self._raised = 0
        self._usable = 0.0

    def judge(self, window: Window, now: int, usable: float, rules: StressRules) -> Evidence | None:
        """Evidence if the window's end completes an event at beat `now`; `usable`: ms of intervals since the last call."""
        self._usable += usable
        rate = window.hr
        if rate is None:
            self._since = 0
            return None
        resting = self._resting = learn(self._resting, rate, RESTING_P, RESTING_CLIP)
        excess = rate - resting[0]
        passed = window.at - self._at
        if not self._at or passed > BROKEN or passed < 0:
            if not self._at:
                self._slow = excess
            else:
                self._slow += _share(max(passed, 0), SLOW) * (excess - self._slow)
            self._smoothed = excess + RISE * max(0.0, excess - self._slow)
            self._hrv = None
        else:
            self._slow += _share(passed, SLOW) * (excess - self._slow)
            rise = excess - self._slow
            score = excess + RISE * rise if rise > 0.0 else excess
            self._smoothed += _share(passed, SMOOTH) * (score - self._smoothed)
        self._at = window.at
        if window.rmssd is not None:
            value = log(window.rmssd) if window.rmssd > 1.0 else 0.0
            self._usual_hrv = learn(self._usual_hrv, value, RMSSD_P, RMSSD_CLIP)
            hrv = self._hrv
            self._hrv = value if hrv is None else hrv + _share(passed, HRV_SMOOTH) * (value - hrv)
        return self._raise(window, now, excess, rules)

    def _raise(self, window: Window, now: int, excess: float, rules: StressRules) -> Evidence | None:
        score = self._smoothed
        drop = None if self._hrv is None else self._usual_hrv[0] - self._hrv
        if rules.hrv_drop == "gate":
            holds = drop is not None and drop >= 0.0
        else:
            holds = True
            if rules.hrv_drop == "score" and drop is not None:
                score += SCORE_WEIGHT * max(-LARGEST_DROP, min(LARGEST_DROP, drop))
        if (
            not holds
            or score < rules.threshold
            or excess < rules.heart_rate_rise
            or self._usable < rules.warm_up
            or now - window.at > STALE
        ):
            self._since = 0
            return None
        if not self._since:
            self._since = now
        if now - self._since < rules.sustain or (self._raised and now - self._raised < rules.refractory):
            return None
        self._raised = now
        return Evidence(
            heart_rate=window.hr or 0.0,
            baseline_heart_rate=self._resting[0],
            rmssd=window.rmssd,
            baseline_rmssd=exp(self._usual_hrv[0]) if self._usual_hrv[1] else None,
            quality=window.quality,
            score=score,
            threshold=rules.threshold,
            rule=rules.hrv_drop,
            version=VERSION,
        )

    def turn_back(self) -> None:
        """The device's clock was set back: what is known of the person stays, what hangs on times starts anew."""
        self._at = self._since = self._raised = 0

    def state(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    @classmethod
    def restored(cls, state: Any) -> Stress:
        stress = cls()
        for name, value in zip(cls.__slots__, state, strict=True):
            setattr(stress, name, tuple(value) if isinstance(value, list) else value)
        return stress


def _share(passed: int, span: int) -> float:
    """Weight of a new value in a mean that fades over `span` ms, after `passed` ms."""
    return 1.0 - exp(-passed / span)
