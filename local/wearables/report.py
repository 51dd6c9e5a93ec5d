"""Results of a run of the fleet."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from contracts.stream import Refusal

MAX_REFUSALS = 20
"""Texts kept: an error may name each frame's own numbers."""


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
    refusals: dict[str, int] = {}
    """Refused frames by the server's error, with what it expected."""
    dropped: dict[str, int] = {}
    """Beats of acknowledged frames that the server did not store, by its reason."""
    reconnects: int = 0
    duplicates: int = 0
    pushes: list[Push] = []
    ack_ms: list[float] = []

    @property
    def lost(self) -> int:
        """Frames that were sent and never acknowledged."""
        return self.sent - self.acked

    def count_refusal(self, refusal: Refusal) -> None:
        self.refused += 1
        why = f"{refusal.error}; expected {refusal.expected}" if refusal.expected else refusal.error
        if why in self.refusals or len(self.refusals) < MAX_REFUSALS:
            self.refusals[why] = self.refusals.get(why, 0) + 1

    def count_dropped(self, dropped: dict[str, int]) -> None:
        for reason, beats in dropped.items():
            self.dropped[reason] = self.dropped.get(reason, 0) + beats


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The value below which `percent` of the sorted values lie (nearest rank); None for no values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(percent / 100 * len(ordered)))]
