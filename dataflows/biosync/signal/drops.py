"""Counts of beats that are not used, by reason: in the words of ingest where the reason is one of its own."""

from __future__ import annotations

from contracts.stream import DropReason

FUTURE = DropReason.IN_FUTURE.value
"""More than MAX_FUTURE_MS after its arrival."""
PAST = DropReason.TOO_OLD.value
"""More than MAX_PAST_MS before its arrival."""
REPEATED = "repeated"
"""Of a frame that was sent again."""
OTHER_DEVICE = "other_device"
"""Of a second device of the same person."""
LATE = "late"
"""Not newer than the newest."""
INTERVAL = DropReason.RR_OUT_OF_RANGE.value
"""The interval is outside minRR..maxRR of the BioStream, which lie within the bounds of ingest."""
IRREGULAR = "irregular"
"""No sinus rhythm, or a signal that no heart gives; it counts for the heart rate where a window has nothing better."""


class Drops:
    """What was counted; `lost` is the number that is not shown with the person's windows yet."""

    __slots__ = ("lost", "reasons")

    def __init__(self) -> None:
        self.reasons: dict[str, int] = {}
        self.lost = 0

    def count(self, reason: str, beats: int) -> None:
        """Count beats of which nothing is lost: they are there already, or are shown otherwise."""
        self.reasons[reason] = self.reasons.get(reason, 0) + beats

    def lose(self, reason: str, beats: int) -> None:
        """Count beats that are lost."""
        self.count(reason, beats)
        self.lost += beats
