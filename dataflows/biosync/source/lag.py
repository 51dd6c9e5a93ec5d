"""How far behind the reading is, and what the worker costs, as metrics: from a thread that waits for nobody."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Thread

import structlog
from confluent_kafka import Message

from dataflows.biosync import metrics

_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class LagReporter:
    """Of each partition that is read; `end` gives the offset behind its last record, or None when that is not known."""

    def __init__(self, end: Callable[[int], int | None]) -> None:
        self._end = end
        self._next: dict[int, int] = {}
        """The offset up to which all is read; of a partition that is read from its oldest record, once that is."""
        self._level: dict[int, float] = {}
        self._opened: dict[int, float] = {}
        self._closed = Event()
        self.newest: dict[int, Message] = {}
        """The record that was fetched last, by partition."""

    def start(self) -> None:
        """Go on telling."""
        Thread(target=self._run, name="lag", daemon=True).start()

    def close(self) -> None:
        """Tell no more."""
        self._closed.set()

    def start_at(self, partition: int, offset: int) -> None:
        """It is read from there on; from its oldest record when that is 0."""
        self._opened.setdefault(partition, time.time())
        if offset:
            self._next[partition] = offset
        else:
            self._next.pop(partition, None)

    def advance(self, partition: int, past: int) -> None:
        """Everything before the offset `past` is read."""
        self._next[partition] = max(self._next.get(partition, 0), past)

    def report(self, partition: int, now: float) -> None:
        """Set the metrics of a partition at `now`, in Unix seconds."""
        end, position = self._end(partition), self._next.get(partition)
        if end is None or position is None:
            return
        behind = max(0, end - position)
        metrics.LAG.labels(str(partition)).set(behind)
        if not behind:
            self._level[partition] = now
        metrics.LAG_SECONDS.labels(str(partition)).set(max(0.0, now - self._level_at(partition)))

    def _level_at(self, partition: int) -> float:
        """Unix seconds up to which nothing is unread: when all was read last, or the time of the newest record that was
        fetched, whichever is later; before either is known, when reading began."""
        newest, known = self.newest.get(partition), list[float]()
        if newest is not None:
            known.append(newest.timestamp()[1] / 1000)
        if partition in self._level:
            known.append(self._level[partition])
        return max(known) if known else self._opened[partition]

    def _run(self) -> None:
        cpu = 0.0
        while True:
            before, cpu = cpu, time.process_time()
            metrics.CPU.inc(cpu - before)
            for partition in list(self._next):
                try:
                    self.report(partition, time.time())
                except Exception:
                    _log.exception("lag_unknown", partition=partition, then="it is asked for again in a second")
            if self._closed.wait(_SECONDS):
                return
