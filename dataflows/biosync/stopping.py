"""Ending in good time: everything that waits does so here."""

from __future__ import annotations

import threading
from collections.abc import Iterator


class Stopped(RuntimeError):
    """Raised out of a wait when the process was asked to end."""


class Stopping:
    """Whether the process was asked to end."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def request(self) -> None:
        self._event.set()

    @property
    def requested(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> None:
        """Sleep; raises Stopped at once when asked to end."""
        if self._event.wait(seconds):
            raise Stopped

    def attempts(self, first: float = 0.1, longest: float = 5.0) -> Iterator[int]:
        """1, 2, 3 ... with growing pauses between, until asked to end."""
        pause, attempt = first, 0
        while True:
            attempt += 1
            yield attempt
            self.wait(pause)
            pause = min(longest, pause * 2)
