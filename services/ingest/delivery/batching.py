"""Batches of frames, one Kafka record each: Kafka's clients cost by the record, not by the byte."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from contracts.records import StoredFrame

MAX_RECORD_BYTES = 256 << 10
"""A batch is closed before it grows beyond this: a quarter of what Kafka's topics accept by default."""

A = TypeVar("A")


@dataclass(slots=True)
class Batch(Generic[A]):
    """The frames of one record and the acknowledgements due once it is stored, one for each frame.

    `size` is the bytes of the frames as received, at most MAX_RECORD_BYTES unless one frame alone is larger.
    """

    partition: int
    frames: list[StoredFrame] = field(default_factory=list)
    acks: list[A] = field(default_factory=list)
    size: int = 0


class Batcher(Generic[A]):
    """Open batches, at most one for each partition, and full ones."""

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self._open: dict[int, Batch[A]] = {}
        self._full: list[Batch[A]] = []

    def add(self, partition: int, frame: StoredFrame, ack: A, size: int) -> None:
        """Appends `frame` to the open batch of its partition."""
        batch = self._open.get(partition)
        if batch is None or batch.size + size > MAX_RECORD_BYTES:
            if batch is not None:
                self._full.append(batch)
            batch = self._open[partition] = Batch(partition)
        batch.frames.append(frame)
        batch.acks.append(ack)
        batch.size += size

    def take_all(self) -> list[Batch[A]]:
        """Removes and returns all batches; those of one partition in the order of their frames."""
        batches = [*self._full, *self._open.values()]
        self._full, self._open = [], {}
        return batches
