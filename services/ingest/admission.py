"""Whom ingest lets in and how much each may send: decisions on numbers alone."""

from __future__ import annotations

from dataclasses import dataclass

OVER_SHARE = 1008
"""Policy violation (RFC 6455, 7.4.1): this client asks for more than its share; others are served."""
RESTARTING = 1012
OVERLOADED = 1013
"""Try again later: nothing is wrong with the client; it should come back after a while, to another process maybe."""
SILENT = 1001
NOT_TEXT = 1007
UNSTORABLE = 1011


@dataclass(frozen=True, slots=True)
class Limits:
    connections: int
    connections_a_user: int
    frames_a_second: float
    frames_at_once: int


@dataclass(frozen=True, slots=True)
class Close:
    """Why a socket is closed: a WebSocket close code and a sentence for whoever reads the client's log."""

    code: int
    reason: str


def admit(connections: int, connections_of_user: int, stalled: bool, limits: Limits) -> Close | None:
    """Whether one more socket of a user may stay; established sockets are never broken to make room for it.

    `stalled` tells that Kafka takes nothing at the moment, so that a new socket would only wait.
    """
    if stalled:
        return Close(OVERLOADED, "frames cannot be stored at the moment; those not acknowledged are yours to keep")
    if connections >= limits.connections:
        return Close(OVERLOADED, f"all {limits.connections} connections of this process are taken")
    if connections_of_user >= limits.connections_a_user:
        return Close(OVER_SHARE, f"you have {connections_of_user} connections open already")
    return None


class Share:
    """A user's frames, over all their sockets: a bucket of `frames_at_once`, refilled at `frames_a_second`."""

    __slots__ = ("_at", "_left")

    def __init__(self, now: float, limits: Limits) -> None:
        self._at = now
        self._left = float(limits.frames_at_once)

    def take(self, now: float, limits: Limits, frames: int = 1) -> bool:
        """Whether so many more frames at `now` (seconds of any steady clock) are within the share.

        If not, nothing is left of it: they have been read all the same.
        """
        self._left = self._refilled(now, limits)
        self._at = now
        if self._left < frames:
            self._left = 0.0
            return False
        self._left -= frames
        return True

    def full(self, now: float, limits: Limits) -> bool:
        """Whether nothing is remembered of what was taken."""
        return self._refilled(now, limits) >= limits.frames_at_once

    def _refilled(self, now: float, limits: Limits) -> float:
        return min(limits.frames_at_once, self._left + (now - self._at) * limits.frames_a_second)
