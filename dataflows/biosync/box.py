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

from dataflows.biosync.stopping import Stopped, Stopping

K = TypeVar("K")
V = TypeVar("V")


class Box(Generic[K, V]):
    """Things by key, oldest first; a key put again replaces what lay there and need not be written before."""

    def __init__(self, limit: int, stopping: Stopping) -> None:
        self._limit = limit
        self._stopping = stopping
        self._things: dict[K, V] = {}
        self._changed = Condition()

    def put(self, things: Mapping[K, V]) -> None:
        """Take things; waits while the box is full, raises Stopped if asked to end meanwhile."""
        with self._changed:
            while len(self._things) >= self._limit:
                if self._stopping.requested:
                    raise Stopped
                self._changed.wait(0.1)
            self._things.update(things)
            self._changed.notify_all()

    def some(self, most: int, least: int = 1, patience: float = 0.2) -> dict[K, V]:
        """The oldest `most` things once there are `least` or after `patience` seconds; they stay in the box."""
        until = monotonic() + patience
        with self._changed:
            while len(self._things) < least and (left := until - monotonic()) > 0:
                self._changed.wait(left)
            return dict(islice(self._things.items(), most))

    def settle(self, things: Mapping[K, V]) -> None:
        """These were written: what was put under the same key meanwhile stays."""
        with self._changed:
            for key, thing in things.items():
                if self._things.get(key) is thing:
                    del self._things[key]
            self._changed.notify_all()

    def contents(self) -> dict[K, V]:
        """Everything that is not written."""
        with self._changed:
            return dict(self._things)

    def empty(self, seconds: float) -> bool:
        """Whether all is written, after waiting for that at most so long."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._things, seconds)
