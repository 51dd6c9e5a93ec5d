"""What a person in a given state needs, in words that can be compared with the catalogue's. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from contracts.preferences import Preferences
from contracts.records import Evidence

CRISIS_RISE = 18.0
PANIC_RISE = 32.0
"""Beats a minute over the person's own baseline from which an event counts as more acute. A choice of the product, not
a diagnosis: nothing but length and tone of the content hangs on it."""
SHARP_DROP = 0.5
"""Share of the person's usual RMSSD below which the words say that the body is tense."""
GOING_ON_SECONDS = 1800
"""An answer given within this time says that the stress has not passed since."""


@dataclass(frozen=True)
class Need:
    """`words` describe it; `longest` bounds the length in minutes: the more acute, the shorter."""

    name: str
    words: str
    longest: int


CALMING = Need("calming", "Calming: slow down and let go of tension, a gentle relaxing meditation", 15)
CRISIS = Need("crisis", "Crisis: overwhelmed by acute stress, immediate help to steady the breath and the body", 8)
PANIC = Need("panic attack", "Panic attack: heart racing and fear, grounding and slow breathing to get through it", 5)


def need_of(evidence: Evidence) -> Need:
    """How acute it is, by the rise of heart rate."""
    rise = evidence.heart_rate - evidence.baseline_heart_rate
    if rise >= PANIC_RISE:
        return PANIC
    return CRISIS if rise >= CRISIS_RISE else CALMING


def query(
    need: Need, evidence: Evidence, given: Collection[float], now: float, hour: int | None, preferences: Preferences
) -> str:
    """The text that is embedded: state and preferences in a few fixed phrases, so that many people share one text.

    `given` holds the moments of the person's last answers and `now` this one, in Unix seconds; `hour` is the person's
    own hour of the day, 0 to 23, or None where it is not known.
    """
    phrases = [need.words]
    if evidence.rmssd and evidence.baseline_rmssd and evidence.rmssd < SHARP_DROP * evidence.baseline_rmssd:
        phrases.append("the whole body is tense")
    if any(now - moment < GOING_ON_SECONDS for moment in given):
        phrases.append("it has been going on for a while and has not passed")
    if hour is not None and (hour >= 22 or hour < 6):
        phrases.append("at night, lying awake and unable to sleep")
    if preferences.kinds:
        phrases.append(f"prefers {', '.join(sorted(preferences.kinds))}")
    return "; ".join(phrases)
