"""The dataflow on bytewax: partitions of the raw topic -> everyone's state -> store, outbox and topics.

One key a partition, not one a person: routing and snapshots cost per key. The people of a partition live in the sink
partition of the same name. bytewax spreads source and sink partitions of the same names alike over its workers, so
what a process reads it also computes and writes: nothing but progress crosses between processes, and a partition that
goes to another worker takes its people and what they have not written along. (A keyed step in between would be spread
by a hash, which leaves workers idle with a dozen keys; a DynamicSink has no snapshot: what it buffers is lost.)

The worker computes and never waits for a store: results lie in boxes that other threads empty, and what lies there when
an epoch ends is part of its snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from dataflows.biosync import metrics
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.signal.partition import PartitionState, Record
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.sink.results import ResultBuffers
from dataflows.biosync.source.topic_reader import BEGINNING, POLL_SECONDS, TopicPosition, TopicReader
from dataflows.biosync.state.log import Position, StateLog

Snapshot = tuple[Position, bytes]
"""Where the states of a partition's people lie in its log, and what is not written of their results."""
_PAUSE = timedelta(seconds=POLL_SECONDS)


class _RawPartition(StatefulSourcePartition[tuple[str, list[Record]], TopicPosition]):
    def __init__(self, feed: TopicReader, name: str, place: TopicPosition, stopping: Shutdown) -> None:
        self._feed = feed
        self._name = name
        self._partition = int(name)
        self._stopping = stopping
        self._awake: datetime | None = None
        feed.open(self._partition, place)

    def next_batch(self) -> Iterable[tuple[str, list[Record]]]:
        if self._stopping.requested:
            raise StopIteration
        records = self._feed.poll(self._partition)
        if not records:
            self._awake = datetime.now(UTC) + _PAUSE
            return []
        self._awake = None
        return [(self._name, records)]

    def next_awake(self) -> datetime | None:
        return self._awake

    def snapshot(self) -> TopicPosition:
        return self._feed.position(self._partition)

    def close(self) -> None:
        self._feed.close(self._partition)


class RawSource(FixedPartitionedSource[tuple[str, list[Record]], TopicPosition]):
    """The raw topic; `feed` is made by the worker that reads."""

    def __init__(self, feed: Callable[[], TopicReader], partitions: int, stopping: Shutdown) -> None:
        self._make = feed
        self._feed: TopicReader | None = None
        self._partitions = partitions
        self._stopping = stopping

    @property
    def unavailable(self) -> str:
        """Why nothing can be read just now, or empty."""
        return self._feed.unavailable if self._feed else ""

    def list_parts(self) -> list[str]:
        return _names(self._partitions)

    def build_part(self, step_id: str, for_part: str, resume_state: TopicPosition | int | None) -> _RawPartition:
        if self._feed is None:
            self._feed = self._make()
        if isinstance(resume_state, int):  # kept by an earlier version: an offset in whatever topic is there
            resume_state = ("", resume_state)
        return _RawPartition(self._feed, for_part, resume_state or BEGINNING, self._stopping)


class _StatePartition(StatefulSinkPartition[list[Record], Snapshot]):
    """The people of a partition; the recovery store keeps only where their state lies in the log."""

    def __init__(self, partition: int, people: PartitionState, log: StateLog, results: ResultBuffers) -> None:
        self._partition = partition
        self._people = people
        self._log = log
        self._results = results

    def write_batch(self, values: list[list[Record]]) -> None:
        for records in values:
            self._results.write(self._partition, self._people.step(records))

    def snapshot(self) -> Snapshot:
        with metrics.SNAPSHOT.time():
            position = self._log.append(self._people.changes(), self._people.state)
            return position, self._results.snapshot(self._partition)

    def close(self) -> None:
        self._results.close()
        self._log.close()


class StateSink(FixedPartitionedSink[list[Record], Snapshot]):
    """Everyone, by partition; their states lie below `folder`."""

    def __init__(self, topic: str, partitions: int, rules: Rules, folder: Path, results: ResultBuffers) -> None:
        self._topic = topic
        self._partitions = partitions
        self._rules = rules
        self._folder = folder
        self._results = results

    def list_parts(self) -> list[str]:
        return _names(self._partitions)

    def part_fn(self, item_key: str) -> int:
        return int(item_key)

    def build_part(self, step_id: str, for_part: str, resume_state: Snapshot | None) -> _StatePartition:
        partition = int(for_part)
        position, unwritten = resume_state or (None, None)
        log = StateLog(self._folder / for_part, position)
        people = PartitionState(self._topic, partition, self._rules, log.load())
        if unwritten is not None:
            self._results.restore(partition, unwritten)
        return _StatePartition(partition, people, log, self._results)


def build(source: RawSource, everyone: StateSink) -> Dataflow:
    """The dataflow."""
    flow = Dataflow("biosync")
    op.output("everyone", op.input("records", flow, source), everyone)
    return flow


def _names(partitions: int) -> list[str]:
    """Names that sort as their numbers do: bytewax counts partitions in order of name."""
    return [f"{partition:04d}" for partition in range(partitions)]
