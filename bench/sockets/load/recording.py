"""What a load generator counts and measures."""

from __future__ import annotations

import msgspec


class Tally(msgspec.Struct):
    """Counters of one generator, or of all."""

    connected: int = 0
    planned: int = 0
    """Frames that will have been sent at the end."""
    sent: int = 0
    acked: int = 0
    resent: int = 0
    refused: int = 0
    reconnects: int = 0
    pushes: int = 0

    def __add__(self, other: Tally) -> Tally:
        mine, more = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        return Tally(*(a + b for a, b in zip(mine, more, strict=True)))


class Recording(msgspec.Struct):
    """Measurements of one generator. Times are seconds from the start, latencies ms."""

    tally: Tally
    ack_at: bytes
    """Doubles: when each acknowledged frame was first sent."""
    ack_ms: bytes
    """Floats: from first sending a frame to its acknowledgement."""
    ack_endpoint: bytes
    """Bytes: index of the endpoint."""
    opened_at: bytes
    """Doubles: when each handshake after the start was completed."""
    delay_ms: bytes
    """Floats: how late each frame was sent relative to its schedule, if its user was connected."""
    pushes: list[tuple[int, str, float]]
    """User number, event id, Unix ms of arrival."""
    errors: list[str]
