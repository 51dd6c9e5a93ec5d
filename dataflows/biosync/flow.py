"""The dataflow on bytewax: partitions of the raw topic -> states of their persons -> store, outbox and topics.

One key a partition, not one a person: routing costs per key. bytewax assigns source and sink partitions of the same
names to the same workers, so a process computes and writes what it reads, and a partition that moves to another worker
takes its states and its unwritten results along. (A keyed step in between would be assigned by hash, which leaves
workers idle with a dozen keys.)

bytewax assigns and runs; it keeps nothing. A partition keeps its states, its place in the topic and its unwritten
results together (shard.py), so each is consistent by itself. The worker computes and never blocks on a store: results
go into buffers that other threads write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from dataflows.biosync.place import Place
from dataflows.biosync.shard import Shard, Shards
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.signal.partition import Record
from dataflows.biosync.source.topic_reader import POLL_SECONDS, TopicReader

Batch = tuple[Place, list[Record]]
"""Records of a partition, and the place behind them."""
_PAUSE = timedelta(seconds=POLL_SECONDS)


class _RawPartition(StatefulSourcePartition[tuple[str, Batch], None]):
    def __init__(self, reader: TopicReader, partition: int, shard: Shard, shutdown: Shutdown) -> None:
        self._reader = reader
        self._partition = partition
        self._shard = shard
        self._shutdown = shutdown
        self._next_awake: datetime | None = None
        reader.open(partition, shard.place)

    def next_batch(self) -> Iterable[tuple[str, Batch]]:
        if self._shutdown.requested:
            raise StopIteration
        self._shard.tick()
        records = self._reader.poll(self._partition)
        if not records:
            self._next_awake = datetime.now(UTC) + _PAUSE
            return []
        self._next_awake = None
        return [(_name(self._partition), (self._reader.position(self._partition), records))]

    def next_awake(self) -> datetime | None:
        return self._next_awake

    def snapshot(self) -> None:
        """bytewax keeps nothing."""

    def close(self) -> None:
        self._reader.close(self._partition)


class RawSource(FixedPartitionedSource[tuple[str, Batch], None]):
    """The raw topic; `create_reader` is called by the worker that reads."""

    def __init__(
        self, create_reader: Callable[[], TopicReader], partitions: int, shards: Shards, shutdown: Shutdown
    ) -> None:
        self._create_reader = create_reader
        self._reader: TopicReader | None = None
        self._partitions = partitions
        self._shards = shards
        self._shutdown = shutdown

    @property
    def unavailable(self) -> str:
        """Why nothing can be read at the moment, or empty."""
        return self._shards.unavailable or (self._reader.unavailable if self._reader else "")

    def list_parts(self) -> list[str]:
        return [_name(partition) for partition in range(self._partitions)]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> _RawPartition:
        shard = self._shards.open(int(for_part))
        if self._reader is None:
            self._reader = self._create_reader()
        return _RawPartition(self._reader, int(for_part), shard, self._shutdown)


class _StatePartition(StatefulSinkPartition[Batch, None]):
    def __init__(self, shard: Shard) -> None:
        self._shard = shard

    def write_batch(self, values: list[Batch]) -> None:
        for place, records in values:
            self._shard.step(place, records)

    def snapshot(self) -> None:
        """bytewax keeps nothing."""


class StateSink(FixedPartitionedSink[Batch, None]):
    """The states of all partitions; the source has opened those of this worker."""

    def __init__(self, partitions: int, shards: Shards) -> None:
        self._partitions = partitions
        self._shards = shards

    def list_parts(self) -> list[str]:
        return [_name(partition) for partition in range(self._partitions)]

    def part_fn(self, item_key: str) -> int:
        return int(item_key)

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> _StatePartition:
        return _StatePartition(self._shards[int(for_part)])


def build(source: RawSource, sink: StateSink) -> Dataflow:
    flow = Dataflow("biosync")
    op.output("everyone", op.input("records", flow, source), sink)
    return flow


def _name(partition: int) -> str:
    """Names that sort as their numbers do: bytewax numbers partitions in the order of their names."""
    return f"{partition:04d}"
