"""Consumer lag and CPU time as metrics, from a thread that never blocks on the worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from threading import Event, Thread

import structlog
from confluent_kafka import KafkaException, Message

from dataflows.biosync import metrics

_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class LagReporter:
    """Lag of each partition that is read; `ends` is as Topic.ends."""

    def __init__(self, ends: Callable[[Collection[int]], Mapping[int, int]]) -> None:
        self._ends = ends
        self.ends: Mapping[int, int] = {}
        """Its last answer, empty without one. A consumer that fetches nothing would learn of no record."""
        self._known: dict[int, int] = {}
        """The last end of each partition, by which the lag in seconds grows while Kafka does not answer."""
        self._error = ""
        self._position: dict[int, int] = {}
        """The offset before which all is read; of a partition that is read from its oldest record, once one is read."""
        self._caught_up_at: dict[int, float] = {}
        self._opened_at: dict[int, float] = {}
        self._closed = Event()
        self.newest: dict[int, Message] = {}
        """The record that was fetched last, by partition."""

    def start(self) -> None:
        """Report every second in a thread."""
        Thread(target=self._run, name="lag", daemon=True).start()

    def close(self) -> None:
        """Stop reporting."""
        self._closed.set()

    def start_at(self, partition: int, offset: int) -> None:
        """Reading starts at this offset; at the oldest record when it is 0."""
        self._opened_at.setdefault(partition, time.time())
        if offset:
            self._position[partition] = offset
        else:
            self._position.pop(partition, None)

    def advance(self, partition: int, offset: int) -> None:
        """All records before this offset are read."""
        self._position[partition] = max(self._position.get(partition, 0), offset)

    def forget(self, partition: int) -> None:
        """It is not read here any more."""
        for known in (self._position, self._caught_up_at, self._opened_at, self._known, self.newest):
            known.pop(partition, None)
        metrics.forget(metrics.LAG, str(partition))
        metrics.forget(metrics.LAG_SECONDS, str(partition))

    def report(self, now: float) -> None:
        """Ask for the ends, and set the metrics at `now`, in Unix seconds."""
        try:
            self.ends, error = self._ends(list(self._opened_at)), ""
        except KafkaException as failure:
            self.ends, error = {}, str(failure)
        if error and error != self._error:
            _log.warning("lag_not_asked", error=error, action="the last ends count until Kafka answers")
        self._error = error
        self._known |= self.ends
        for partition in list(self._opened_at):
            if partition in self._known:
                self._report(partition, self._known[partition], now)

    def _report(self, partition: int, end: int, now: float) -> None:
        if (position := self._position.get(partition)) is None:
            return
        lag = max(0, end - position)
        if not lag:
            self._caught_up_at[partition] = now
        try:
            metrics.LAG.labels(str(partition)).set(lag)
            metrics.LAG_SECONDS.labels(str(partition)).set(max(0.0, now - self._read_up_to(partition, now)))
        finally:
            if partition not in self._position:  # it was given up meanwhile
                self.forget(partition)

    def _read_up_to(self, partition: int, now: float) -> float:
        """Unix seconds up to which nothing is unread: when the lag was last 0, or the time of the last fetched record,
        whichever is later; before either is known, when reading started."""
        newest, known = self.newest.get(partition), list[float]()
        if newest is not None:
            known.append(newest.timestamp()[1] / 1000)
        if partition in self._caught_up_at:
            known.append(self._caught_up_at[partition])
        return max(known) if known else self._opened_at.get(partition, now)

    def _run(self) -> None:
        cpu = 0.0
        while True:
            before, cpu = cpu, time.process_time()
            metrics.CPU.inc(cpu - before)
            try:
                self.report(time.time())
            except Exception:
                self.ends = {}
                _log.exception("lag_unknown", action="it is reported again in a second")
            if self._closed.wait(_SECONDS):
                return
