"""Exponential backoff between attempts."""

from __future__ import annotations


class Backoff:
    """Growing delays between attempts, in seconds."""

    def __init__(self, initial: float = 0.1, maximum: float = 5.0) -> None:
        self._initial = initial
        self._maximum = maximum
        self._next = initial

    def next(self) -> float:
        delay = self._next
        self._next = min(self._maximum, delay * 2)
        return delay

    def reset(self) -> None:
        self._next = self._initial
