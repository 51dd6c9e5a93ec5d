"""Graceful shutdown: every wait in the process ends when it is requested."""

from __future__ import annotations

import threading


class ShutdownRequested(RuntimeError):
    """Raised out of a wait when the process was asked to stop."""


class Shutdown:
    """Whether a stop was requested (reading stops), and whether it is finished (writing stops too)."""

    def __init__(self) -> None:
        self._requested = threading.Event()
        self._finished = threading.Event()

    def request(self) -> None:
        self._requested.set()

    def finish(self) -> None:
        self._finished.set()

    @property
    def requested(self) -> bool:
        return self._requested.is_set()

    @property
    def finished(self) -> bool:
        return self._finished.is_set()

    def wait_for_request(self, seconds: float) -> bool:
        """Sleep, but no longer than until it is requested; whether it is."""
        return self._requested.wait(seconds)

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until it is finished."""
        self._finished.wait(seconds)
