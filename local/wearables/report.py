"""Results of a run of the fleet."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Push(msgspec.Struct, frozen=True):
    """A received push: user, event, time of arrival in Unix ms, and title of the content."""

    user: str
    event_id: str
    at: int
    title: str


class Report(msgspec.Struct):
    """Counts and latencies of one run. `duplicates` counts repeated pushes of an event."""

    users: int
    beats: int = 0
    frames: int = 0
    sent: int = 0
    """Distinct frames sent at least once."""
    resent: int = 0
    acked: int = 0
    refused: int = 0
    reconnects: int = 0
    duplicates: int = 0
    pushes: list[Push] = []
    ack_ms: list[float] = []

    @property
    def lost(self) -> int:
        """Frames that were sent and never acknowledged."""
        return self.sent - self.acked


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The value below which `percent` of the sorted values lie (nearest rank); None for no values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(percent / 100 * len(ordered)))]
