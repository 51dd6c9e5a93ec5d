"""Connections by the second in which their token ends: one sweep a second finds all that are due. Pure."""

from __future__ import annotations

from math import ceil
from typing import Generic, TypeVar

T = TypeVar("T")
_NEVER = 2**53
"""Seconds; for a token without a usable end."""


class Expiry(Generic[T]):
    """Items with the Unix seconds at which each ends. An item that is gone leaves nothing behind."""

    def __init__(self) -> None:
        self._by_second: dict[int, set[T]] = {}

    def add(self, item: T, ends: float) -> None:
        self._by_second.setdefault(_second(ends), set()).add(item)

    def discard(self, item: T, ends: float) -> None:
        items = self._by_second.get(second := _second(ends))
        if items is not None:
            items.discard(item)
            if not items:
                del self._by_second[second]

    def take_due(self, now: float) -> list[T]:
        """Removes and returns what has ended at `now` (Unix seconds)."""
        return [item for second in [s for s in self._by_second if s <= now] for item in self._by_second.pop(second)]


def _second(ends: float) -> int:
    return ceil(min(_NEVER, ends))
