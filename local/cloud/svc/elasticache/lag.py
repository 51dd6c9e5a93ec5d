"""How far a replica is behind its primary, in seconds, from the offsets of both."""

from __future__ import annotations

from collections import deque


class LagProbe:
    """Remembers when the primary had which offset; what the replica has says how old its data is."""

    def __init__(self) -> None:
        self._ahead: deque[tuple[float, int]] = deque()
        self._known = False

    def primary_at(self, offset: int, now: float) -> None:
        """The primary had written so much at `now`, on any clock that does not jump."""
        self._known = True
        if not self._ahead or offset > self._ahead[-1][1]:
            self._ahead.append((now, offset))

    def replica_at(self, offset: int, now: float) -> float | None:
        """Seconds since the primary had more than the replica has; None while the primary has never been seen."""
        while self._ahead and self._ahead[0][1] <= offset:
            self._ahead.popleft()
        if not self._known:
            return None
        return now - self._ahead[0][0] if self._ahead else 0.0
