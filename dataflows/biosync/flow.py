"""The dataflow on bytewax: partitions of the raw topic -> states of their persons -> store, outbox and topics.

One key a partition, not one a person: routing and snapshots cost per key. The states of a partition are held by the
sink partition of the same name. bytewax assigns source and sink partitions of the same names to the same workers, so a
process computes and writes what it reads: only progress crosses between processes, and a partition that moves to
another worker takes its states and its unwritten results along. (A keyed step in between would be assigned by hash,
which leaves workers idle with a dozen keys; a DynamicSink has no snapshot, so what it buffers would be lost.)

The worker computes and never blocks on a store: results go into buffers that other threads write, and what is unwritten
at the end of an epoch is part of its snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bytewax.operators as op
import structlog
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
"""Position of a partition's states in its log, and its unwritten results."""
_log = structlog.get_logger(__name__)
_PAUSE = timedelta(seconds=POLL_SECONDS)


class _RawPartition(StatefulSourcePartition[tuple[str, list[Record]], TopicPosition]):
    def __init__(self, reader: TopicReader, name: str, position: TopicPosition, shutdown: Shutdown) -> None:
        self._reader = reader
        self._name = name
        self._partition = int(name)
        self._shutdown = shutdown
        self._next_awake: datetime | None = None
        reader.open(self._partition, position)

    def next_batch(self) -> Iterable[tuple[str, list[Record]]]:
        if self._shutdown.requested:
            raise StopIteration
        records = self._reader.poll(self._partition)
        if not records:
            self._next_awake = datetime.now(UTC) + _PAUSE
            return []
        self._next_awake = None
        return [(self._name, records)]

    def next_awake(self) -> datetime | None:
        return self._next_awake

    def snapshot(self) -> TopicPosition:
        return self._reader.position(self._partition)

    def close(self) -> None:
        self._reader.close(self._partition)


class RawSource(FixedPartitionedSource[tuple[str, list[Record]], TopicPosition]):
    """The raw topic; `create_reader` is called by the worker that reads."""

    def __init__(self, create_reader: Callable[[], TopicReader], partitions: int, shutdown: Shutdown) -> None:
        self._create_reader = create_reader
        self._reader: TopicReader | None = None
        self._partitions = partitions
        self._shutdown = shutdown

    @property
    def unavailable(self) -> str:
        """Why nothing can be read at the moment, or empty."""
        return self._reader.unavailable if self._reader else ""

    def list_parts(self) -> list[str]:
        return _names(self._partitions)

    def build_part(self, step_id: str, for_part: str, resume_state: TopicPosition | int | None) -> _RawPartition:
        if self._reader is None:
            self._reader = self._create_reader()
        if isinstance(resume_state, int):  # from an earlier version: an offset in whatever topic exists
            resume_state = ("", resume_state)
        return _RawPartition(self._reader, for_part, resume_state or BEGINNING, self._shutdown)


class _StatePartition(StatefulSinkPartition[list[Record], Snapshot]):
    """The states of a partition; the recovery store keeps only their position in the log."""

    def __init__(self, partition: int, state: PartitionState, log: StateLog, results: ResultBuffers) -> None:
        self._partition = partition
        self._state = state
        self._log = log
        self._results = results

    def write_batch(self, values: list[list[Record]]) -> None:
        for records in values:
            self._results.write(self._partition, self._state.step(records))

    def snapshot(self) -> Snapshot:
        with metrics.SNAPSHOT.time():
            position = self._log.append(self._state.changes(), self._state.state)
            _report_discarded(self._partition, self._state)
            return position, self._results.snapshot(self._partition)

    def close(self) -> None:
        self._results.close()
        self._log.close()


class StateSink(FixedPartitionedSink[list[Record], Snapshot]):
    """The states of all partitions; their logs lie below `folder`."""

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
        state = PartitionState(self._topic, partition, self._rules, log.load())
        _report_discarded(partition, state)
        if unwritten is not None:
            self._results.restore(partition, unwritten)
        return _StatePartition(partition, state, log, self._results)


def build(source: RawSource, sink: StateSink) -> Dataflow:
    """The dataflow. The ids of its steps are keys in the recovery store: renaming one would lose its state."""
    flow = Dataflow("biosync")
    op.output("everyone", op.input("records", flow, source), sink)
    return flow


def _report_discarded(partition: int, state: PartitionState) -> None:
    if state.discarded:
        metrics.DISCARDED.inc(len(state.discarded))
        _log.error("states_discarded", partition=partition, persons=len(state.discarded), action="they start anew")
        state.discarded.clear()


def _names(partitions: int) -> list[str]:
    """Names that sort as their numbers do: bytewax numbers partitions in the order of their names."""
    return [f"{partition:04d}" for partition in range(partitions)]
