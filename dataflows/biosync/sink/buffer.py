"""Bounded buffers between the worker and the threads that write.

The worker never blocks on a store or a broker: it puts items into buffers, and each snapshot of a partition
contains what the buffers still hold. So every result is either written or in the last snapshot. When a buffer is full
the worker blocks and reads nothing more, and the records stay in Kafka (backpressure).
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
    """Unwritten items by partition and key; an item put under the same key replaces the earlier one."""

    def __init__(self, limit: int, shutdown: Shutdown) -> None:
        self._limit = limit
        self._shutdown = shutdown
        self._partitions: dict[int, dict[K, V]] = {}
        self._size = 0
        self._changed = Condition()

    def put(self, partition: int, items: Mapping[K, V]) -> None:
        """Add items; blocks while the buffer is full, and raises ShutdownRequested if that happens meanwhile."""
        with self._changed:
            while self._size >= self._limit:
                if self._shutdown.requested:
                    raise ShutdownRequested
                self._changed.wait(0.1)
            self._add(partition, items)

    def restore(self, partition: int, items: Mapping[K, V]) -> None:
        """Add items from a snapshot; never blocks, since they fitted before."""
        with self._changed:
            self._add(partition, items)

    def peek(self, max_items: int, min_items: int = 1, timeout: float = 0.2) -> dict[tuple[int, K], V]:
        """Up to `max_items` once there are `min_items` or after `timeout` seconds; they stay in the buffer.

        Oldest first within a partition; round robin between partitions.
        """
        deadline = monotonic() + timeout
        batch: dict[tuple[int, K], V] = {}
        with self._changed:
            while self._size < min_items and (remaining := deadline - monotonic()) > 0:
                self._changed.wait(remaining)
            for partition in list(self._partitions):
                items = self._partitions.pop(partition)
                self._partitions[partition] = items
                for key, item in islice(items.items(), max_items - len(batch)):
                    batch[partition, key] = item
                if len(batch) == max_items:
                    break
        return batch

    def acknowledge(self, batch: Mapping[tuple[int, K], V]) -> None:
        """Remove written items; one that was put under the same key meanwhile stays."""
        with self._changed:
            for (partition, key), item in batch.items():
                items = self._partitions.get(partition, {})
                if items.get(key) is item:
                    del items[key]
                    self._size -= 1
            self._changed.notify_all()

    def forget(self, partition: int) -> None:
        """Remove what is unwritten of a partition: somebody else writes it."""
        with self._changed:
            self._size -= len(self._partitions.pop(partition, {}))
            self._changed.notify_all()

    def contents(self, partition: int) -> dict[K, V]:
        """All unwritten items of a partition."""
        with self._changed:
            return dict(self._partitions.get(partition, {}))

    def wait_empty(self, timeout: float) -> bool:
        """Whether everything is written, after at most `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._size, timeout)

    def _add(self, partition: int, items: Mapping[K, V]) -> None:
        existing = self._partitions.setdefault(partition, {})
        before = len(existing)
        existing.update(items)
        self._size += len(existing) - before
        self._changed.notify_all()
