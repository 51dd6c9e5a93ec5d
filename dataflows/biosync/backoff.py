"""Exponential backoff between attempts."""

from __future__ import annotations


class Backoff:
    """Growing pauses between attempts, in seconds."""

    def __init__(self, first: float = 0.1, longest: float = 5.0) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def next(self) -> float:
        pause = self._next
        self._next = min(self._longest, pause * 2)
        return pause

    def reset(self) -> None:
        self._next = self._first
