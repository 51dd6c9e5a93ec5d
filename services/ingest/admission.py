"""Admission control and rate limiting. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from websockets.frames import CloseCode

from services.ingest.websocket.framing import Close


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of this process and of each user over all their connections."""

    max_connections: int
    max_connections_per_user: int
    frames_per_second: float
    burst_frames: int


def admit(connections: int, connections_of_user: int, stalled: bool, limits: Limits) -> Close | None:
    """None if one more connection of a user is admitted, else why not; established connections are never evicted.

    With `stalled` Kafka accepts nothing at the moment, so a new connection could only wait. TRY_AGAIN_LATER: the client
    did nothing wrong and should reconnect later, maybe to another process. POLICY_VIOLATION: this client exceeds its
    limit.
    """
    if stalled:
        reason = "frames cannot be stored at the moment; keep those that were not acknowledged"
        return Close(CloseCode.TRY_AGAIN_LATER, reason)
    if connections >= limits.max_connections:
        return Close(CloseCode.TRY_AGAIN_LATER, f"all {limits.max_connections} connections of this process are in use")
    if connections_of_user >= limits.max_connections_per_user:
        return Close(CloseCode.POLICY_VIOLATION, f"you already have {connections_of_user} connections open")
    return None


class TokenBucket:
    """Rate limit of a user's frames: a bucket of `burst_frames`, refilled at `frames_per_second`."""

    __slots__ = ("_refilled_at", "_tokens")

    def __init__(self, now: float, limits: Limits) -> None:
        self._refilled_at = now
        self._tokens = float(limits.burst_frames)

    def consume(self, now: float, limits: Limits, frames: int = 1) -> bool:
        """Whether so many more frames at `now` (seconds of any steady clock) are within the limit.

        If not, the bucket is emptied: the frames have been read all the same.
        """
        self._tokens = self._refilled(now, limits)
        self._refilled_at = now
        if self._tokens < frames:
            self._tokens = 0.0
            return False
        self._tokens -= frames
        return True

    def is_full(self, now: float, limits: Limits) -> bool:
        """Whether nothing remains of earlier consumption."""
        return self._refilled(now, limits) >= limits.burst_frames

    def _refilled(self, now: float, limits: Limits) -> float:
        return min(limits.burst_frames, self._tokens + (now - self._refilled_at) * limits.frames_per_second)
