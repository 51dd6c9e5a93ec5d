"""What may be offered, and what is done without when nothing fits. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from contracts.preferences import Preferences
from services.recommend.selection.severity import Need


@dataclass(frozen=True)
class Wish:
    """Bounds that an item must keep, None for none: language, length in minutes, not being among `heard`."""

    language: str | None
    longest: int | None
    heard: frozenset[int]
    kinds: frozenset[str]
    voices: frozenset[str]
    """Kinds and voices that are liked better than others."""


def wishes(need: Need, preferences: Preferences, language: str, heard: Collection[int]) -> Iterator[Wish]:
    """What to ask for, the best first; the last one fits any item. `language` is for those who prefer none.

    An answer matters more than a new one, a short one more than one in the person's own words: somebody in panic can
    follow a voice whose language they half understand, but not one that goes on for half an hour.
    """
    longest = min(need.longest, preferences.longest_minutes or need.longest)
    wish = Wish(
        preferences.language or language,
        longest,
        frozenset(heard),
        frozenset(preferences.kinds),
        frozenset(preferences.voices),
    )
    yield wish
    yield (wish := replace(wish, heard=frozenset()))
    yield (wish := replace(wish, longest=need.longest))
    yield (wish := replace(wish, language=language))
    yield (wish := replace(wish, language=None))
    yield replace(wish, longest=None)
