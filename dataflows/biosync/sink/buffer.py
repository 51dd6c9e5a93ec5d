"""What the worker hands to the threads that write, kept until it is written.

The worker never waits for a store or a broker: it puts things in boxes, and the recovery store gets what the boxes
still hold at each snapshot. So everything computed is either written or in the last snapshot. Boxes are bounded: when
one is full the worker waits, reads nothing more, and the records stay in Kafka.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from threading import Condition
from time import monotonic
from typing import Generic, TypeVar

from dataflows.biosync.shutdown import Shutdown, ShutdownRequested

K = TypeVar("K")
V = TypeVar("V")


class Buffer(Generic[K, V]):
    """Things by partition and key; a key put again replaces what lay there and need not be written before."""

    def __init__(self, limit: int, stopping: Shutdown) -> None:
        self._limit = limit
        self._stopping = stopping
        self._partitions: dict[int, dict[K, V]] = {}
        self._size = 0
        self._changed = Condition()

    def put(self, partition: int, things: Mapping[K, V]) -> None:
        """Take things; waits while the box is full, raises Stopped if asked to end meanwhile."""
        with self._changed:
            while self._size >= self._limit:
                if self._stopping.requested:
                    raise ShutdownRequested
                self._changed.wait(0.1)
            self._take(partition, things)

    def restore(self, partition: int, things: Mapping[K, V]) -> None:
        """Take things that lay in a box before; never waits, they fitted then."""
        with self._changed:
            self._take(partition, things)

    def peek(self, most: int, least: int = 1, patience: float = 0.2) -> dict[tuple[int, K], V]:
        """`most` things once there are `least` or after `patience` seconds; they stay in the box.

        Oldest first within a partition; the partitions take turns.
        """
        until = monotonic() + patience
        taken: dict[tuple[int, K], V] = {}
        with self._changed:
            while self._size < least and (left := until - monotonic()) > 0:
                self._changed.wait(left)
            for partition in list(self._partitions):
                things = self._partitions.pop(partition)
                self._partitions[partition] = things
                for key, thing in islice(things.items(), most - len(taken)):
                    taken[partition, key] = thing
                if len(taken) == most:
                    break
        return taken

    def acknowledge(self, things: Mapping[tuple[int, K], V]) -> None:
        """These were written: what was put under the same key meanwhile stays."""
        with self._changed:
            for (partition, key), thing in things.items():
                there = self._partitions[partition]
                if there.get(key) is thing:
                    del there[key]
                    self._size -= 1
            self._changed.notify_all()

    def contents(self, partition: int) -> dict[K, V]:
        """Everything of a partition that is not written."""
        with self._changed:
            return dict(self._partitions.get(partition, {}))

    def wait_empty(self, seconds: float) -> bool:
        """Whether all is written, after waiting for that at most so long."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._size, seconds)

    def _take(self, partition: int, things: Mapping[K, V]) -> None:
        there = self._partitions.setdefault(partition, {})
        before = len(there)
        there.update(things)
        self._size += len(there) - before
        self._changed.notify_all()
