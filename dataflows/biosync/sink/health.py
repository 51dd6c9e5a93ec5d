"""Whether a sink makes progress: it writes, or it has nothing to write."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

STALLED_SECONDS = 60.0
"""How long a sink may have something to write and write nothing: longer than a broker's or a database's failover."""


class SinkHealth:
    """The progress of the sink `name`. One thread reports, others ask; `clock` gives seconds."""

    def __init__(self, name: str, clock: Callable[[], float] = monotonic) -> None:
        self._name = name
        self._clock = clock
        self._waiting_since: float | None = None
        self._error = ""

    def waiting(self) -> None:
        """There is something to write."""
        if self._waiting_since is None:
            self._waiting_since = self._clock()

    def idle(self) -> None:
        """Something was written, or there is nothing to write."""
        self._waiting_since, self._error = None, ""

    def failed(self, error: str) -> None:
        """An attempt to write failed."""
        self.waiting()
        self._error = error

    @property
    def stalled(self) -> str:
        """Which sink has written nothing for how long, and why; empty while it makes progress."""
        since = self._waiting_since
        if since is None or (seconds := self._clock() - since) < STALLED_SECONDS:
            return ""
        why = self._error or "the last attempt has not ended"
        return f"{self._name}: nothing was written for {seconds:.0f} s: {why}; what waits is kept"
