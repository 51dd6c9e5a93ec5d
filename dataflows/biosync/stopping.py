"""Ending in good time: everything that waits does so here."""

from __future__ import annotations

import threading


class Stopped(RuntimeError):
    """Raised out of a wait when the process was asked to end."""


class Stopping:
    """Whether the process was asked to end (reading stops), and whether it is over (writing stops too)."""

    def __init__(self) -> None:
        self._requested = threading.Event()
        self._over = threading.Event()

    def request(self) -> None:
        self._requested.set()

    def finish(self) -> None:
        self._over.set()

    @property
    def requested(self) -> bool:
        return self._requested.is_set()

    @property
    def over(self) -> bool:
        return self._over.is_set()

    def pause(self, seconds: float) -> None:
        """Sleep, but no longer than until it is over."""
        self._over.wait(seconds)


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
