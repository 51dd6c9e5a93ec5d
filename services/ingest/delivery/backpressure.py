"""Backpressure: bytes read but not yet stored, and whether reading is paused."""

from __future__ import annotations


class Backlog:
    """Bytes on their way to Kafka. Pauses at `limit` and resumes at half of it (hysteresis)."""

    __slots__ = ("bytes", "limit", "paused")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        self.paused = False

    def add(self, size: int) -> None:
        self.bytes += size
        if self.bytes >= self.limit:
            self.paused = True

    def remove(self, size: int) -> None:
        self.bytes -= size
        if self.bytes <= self.limit // 2:
            self.paused = False
