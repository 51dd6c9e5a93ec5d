"""Frames gathered into one record a partition: Kafka's clients pay by the record, not by the byte."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from contracts.records import StoredFrame

RECORD_BYTES = 256 << 10
"""A record is closed before it grows beyond this: a quarter of what Kafka's topics accept by default."""

R = TypeVar("R")


@dataclass(slots=True)
class Batch(Generic[R]):
    """The frames of one record, with what is owed to their senders once it is stored: one receipt a frame.

    `weight` is the bytes of the frames as they came, at most RECORD_BYTES unless one frame alone is larger.
    """

    partition: int
    frames: list[StoredFrame] = field(default_factory=list)
    receipts: list[R] = field(default_factory=list)
    weight: int = 0


class Packer(Generic[R]):
    """Batches being filled, at most one a partition, and those that are full."""

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self._open: dict[int, Batch[R]] = {}
        self._full: list[Batch[R]] = []

    def add(self, partition: int, frame: StoredFrame, receipt: R, weight: int) -> None:
        """Puts `frame` behind those already gathered for its partition."""
        batch = self._open.get(partition)
        if batch is None or batch.weight + weight > RECORD_BYTES:
            if batch is not None:
                self._full.append(batch)
            batch = self._open[partition] = Batch(partition)
        batch.frames.append(frame)
        batch.receipts.append(receipt)
        batch.weight += weight

    def take(self) -> list[Batch[R]]:
        """All batches; those of one partition in the order in which their frames came."""
        taken = [*self._full, *self._open.values()]
        self._full, self._open = [], {}
        return taken
