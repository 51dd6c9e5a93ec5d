"""Ending in good time: everything that waits does so here."""

from __future__ import annotations

import threading


class ShutdownRequested(RuntimeError):
    """Raised out of a wait when the process was asked to end."""


class Shutdown:
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
    def finished(self) -> bool:
        return self._over.is_set()

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until it is over."""
        self._over.wait(seconds)
