"""The dataflow on bytewax: partitions of the raw topic -> everyone's state -> store, outbox and topics.

One key a partition, not one a person: routing and snapshots cost per key. The worker computes and never waits for a
store: results lie in boxes that other threads empty, and what lies there when an epoch ends is part of its snapshot. (A
DynamicSink has no snapshot: what it buffers is lost.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from dataflows.biosync import metrics
from dataflows.biosync.feed import POLL_SECONDS, Feed
from dataflows.biosync.people import Output, People, Record
from dataflows.biosync.results import Results
from dataflows.biosync.rules import Rules
from dataflows.biosync.statelog import Position, StateLog
from dataflows.biosync.stopping import Stopping

Batch = tuple[int, list[Record]]
"""A partition and records of it."""
Marker = tuple[int, Position]
"""A partition and where the state of its people lies in its log."""
_PAUSE = timedelta(seconds=POLL_SECONDS)


class _Partition(StatefulSourcePartition[tuple[str, Batch], int]):
    def __init__(self, feed: Feed, name: str, offset: int | None, stopping: Stopping) -> None:
        self._feed = feed
        self._name = name
        self._partition = int(name)
        self._offset = offset or 0
        self._stopping = stopping
        self._awake: datetime | None = None
        feed.open(self._partition, offset)

    def next_batch(self) -> Iterable[tuple[str, Batch]]:
        if self._stopping.requested:
            raise StopIteration
        records = self._feed.take(self._partition)
        if not records:
            self._awake = datetime.now(UTC) + _PAUSE
            return []
        self._awake = None
        self._offset = records[-1][0] + 1
        return [(self._name, (self._partition, records))]

    def next_awake(self) -> datetime | None:
        return self._awake

    def snapshot(self) -> int:
        return self._offset

    def close(self) -> None:
        self._feed.close(self._partition)


class Raw(FixedPartitionedSource[tuple[str, Batch], int]):
    """The raw topic; `feed` is made by the worker that reads."""

    def __init__(self, feed: Callable[[], Feed], partitions: int, stopping: Stopping) -> None:
        self._make = feed
        self._feed: Feed | None = None
        self._partitions = partitions
        self._stopping = stopping

    def list_parts(self) -> list[str]:
        return [f"{partition:04d}" for partition in range(self._partitions)]

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> _Partition:
        if self._feed is None:
            self._feed = self._make()
        return _Partition(self._feed, for_part, resume_state, self._stopping)


class _Everyone(StatefulBatchLogic[Batch, Output, Marker]):
    """The people of a partition; the recovery store keeps only where their state lies in the log."""

    def __init__(self, topic: str, rules: Rules, folder: Path, marker: Marker | None) -> None:
        self._topic = topic
        self._rules = rules
        self._folder = folder
        self._marker = marker
        self._open: tuple[StateLog, People] | None = None

    def on_batch(self, values: list[Batch]) -> tuple[Iterable[Output], bool]:
        _, people = self._open or self._start(values[0][0])
        return [people.step(records) for _, records in values], False

    def snapshot(self) -> Marker:
        if self._open is None or self._marker is None:
            raise RuntimeError("a snapshot before the first batch: there is no state to mark")
        with metrics.SNAPSHOT.time():
            log, people = self._open
            self._marker = (self._marker[0], log.append(people.changes(), people.state))
        return self._marker

    def _start(self, partition: int) -> tuple[StateLog, People]:
        """Only a batch tells a new logic which partition it is for."""
        log = StateLog(self._folder / f"{partition:04d}", self._marker[1] if self._marker else None)
        self._open = log, People(self._topic, partition, self._rules, log.load())
        self._marker = self._marker or (partition, (0, 0, 0))
        return self._open


class _Boxes(StatefulSinkPartition[Output, bytes]):
    """Hands outputs to the writing threads; what they have not written goes into the recovery store."""

    def __init__(self, results: Results, left: bytes | None) -> None:
        self._results = results
        if left is not None:
            results.restore(left)

    def write_batch(self, values: list[Output]) -> None:
        for output in values:
            self._results.write(output)

    def snapshot(self) -> bytes:
        return self._results.snapshot()

    def close(self) -> None:
        self._results.close()


class Out(FixedPartitionedSink[Output, bytes]):
    """The boxes as bytewax sees them: one partition."""

    def __init__(self, results: Results) -> None:
        self._results = results

    def list_parts(self) -> list[str]:
        return ["all"]

    def build_part(self, step_id: str, for_part: str, resume_state: bytes | None) -> _Boxes:
        return _Boxes(self._results, resume_state)


def build(source: Raw, topic: str, rules: Rules, state: Path, results: Results) -> Dataflow:
    """The dataflow; everyone's state lies below `state`."""
    flow = Dataflow("biosync")
    batches = op.input("raw", flow, source)
    outputs = op.stateful_batch("people", batches, lambda marker: _Everyone(topic, rules, state, marker))
    op.output("results", outputs, Out(results))
    return flow
