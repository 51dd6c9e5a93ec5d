"""What a person in a given state needs, in words that can be compared with the catalogue's."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.records import Evidence

CRISIS_RISE = 18.0
PANIC_RISE = 32.0
"""Beats a minute over the person's own baseline from which an event counts as more acute. A choice of the product, not
a diagnosis: nothing but length and tone of the content hangs on it."""


@dataclass(frozen=True)
class Need:
    """`query` is embedded; `longest` bounds the length in minutes: the more acute, the shorter."""

    name: str
    query: str
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
