"""Severity of a stress event, and the query text that is compared with the catalog. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from contracts.preferences import Preferences
from contracts.records import Evidence

CRISIS_RISE = 18.0
PANIC_RISE = 32.0
"""Rise over the user's baseline, in beats per minute, from which an event counts as more severe. A product decision,
not a diagnosis: only length and tone of the content depend on it."""
SHARP_DROP = 0.5
"""Fraction of the baseline RMSSD below which the text says that the body is tense."""
ONGOING_SECONDS = 1800
"""An answer within this time means that the stress has not passed since."""


@dataclass(frozen=True)
class Severity:
    """`words` describe it; `max_minutes` is the longest content: the more severe, the shorter."""

    name: str
    words: str
    max_minutes: int


CALMING = Severity("calming", "Calming: slow down and let go of tension, a gentle relaxing meditation", 15)
CRISIS = Severity("crisis", "Crisis: overwhelmed by acute stress, immediate help to steady the breath and the body", 8)
PANIC = Severity(
    "panic attack", "Panic attack: heart racing and fear, grounding and slow breathing to get through it", 5
)


def classify(evidence: Evidence) -> Severity:
    """The severity, by the rise of heart rate over the baseline."""
    rise = evidence.heart_rate - evidence.baseline_heart_rate
    if rise >= PANIC_RISE:
        return PANIC
    return CRISIS if rise >= CRISIS_RISE else CALMING


def query_text(
    severity: Severity,
    evidence: Evidence,
    answered: Collection[float],
    now: float,
    hour: int | None,
    preferences: Preferences,
) -> str:
    """The text that is embedded: severity and preferences in a few fixed phrases, so that many users share one text.

    `answered` are the times of the user's last answers and `now` the present, in Unix seconds; `hour` is the user's
    local hour of the day, 0 to 23, or None if unknown.
    """
    phrases = [severity.words]
    if evidence.rmssd and evidence.baseline_rmssd and evidence.rmssd < SHARP_DROP * evidence.baseline_rmssd:
        phrases.append("the whole body is tense")
    if any(now - moment < ONGOING_SECONDS for moment in answered):
        phrases.append("it has been going on for a while and has not passed")
    if hour is not None and (hour >= 22 or hour < 6):
        phrases.append("at night, lying awake and unable to sleep")
    if preferences.kinds:
        phrases.append(f"prefers {', '.join(sorted(preferences.kinds))}")
    return "; ".join(phrases)
