"""How much has been read but not stored, and whether reading may go on."""

from __future__ import annotations


class Backlog:
    """Bytes on their way to Kafka. Closed at `limit` and open again at half of it, so that it doesn't flutter."""

    __slots__ = ("bytes", "closed", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        self.closed = False

    def add(self, weight: int) -> None:
        self.bytes += weight
        if self.bytes >= self.limit:
            self.closed = True

    def remove(self, weight: int) -> None:
        self.bytes -= weight
        if self.bytes <= self.limit // 2:
            self.closed = False
