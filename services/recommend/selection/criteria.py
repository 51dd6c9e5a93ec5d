"""Search criteria, and how they are relaxed when nothing matches. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from contracts.preferences import Preferences
from services.recommend.selection.severity import Severity


@dataclass(frozen=True)
class Criteria:
    """Filters on items (None: no filter): language, length in minutes, not among `recently_played`."""

    language: str | None
    max_minutes: int | None
    recently_played: frozenset[int]
    kinds: frozenset[str]
    voices: frozenset[str]
    """Preferred kinds and voices, which rank higher."""


def relaxations(
    severity: Severity, preferences: Preferences, language: str, played: Collection[int]
) -> Iterator[Criteria]:
    """Criteria relaxed step by step, the strictest first; the last match any item. `language` is the default.

    Any answer is better than none, so repeats are allowed first. Length is given up last, after language: a user in
    panic can follow a voice in a language half understood, but not one that lasts half an hour.
    """
    max_minutes = min(severity.max_minutes, preferences.longest_minutes or severity.max_minutes)
    criteria = Criteria(
        preferences.language or language,
        max_minutes,
        frozenset(played),
        frozenset(preferences.kinds),
        frozenset(preferences.voices),
    )
    yield criteria
    yield (criteria := replace(criteria, recently_played=frozenset()))
    yield (criteria := replace(criteria, max_minutes=severity.max_minutes))
    yield (criteria := replace(criteria, language=language))
    yield (criteria := replace(criteria, language=None))
    yield replace(criteria, max_minutes=None)
