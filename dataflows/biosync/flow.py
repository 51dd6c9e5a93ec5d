"""The dataflow on bytewax: partitions of the raw topic -> states of their persons -> store, outbox and topics.

One key a partition, not one a person: routing costs per key. bytewax runs the partitions side by side in one worker; it
keeps nothing, and does not say which of them are this worker's. Kafka's group does (source/membership.py), at any time:
a partition of others is one without records. bytewax's own cluster of workers would stop all of them with one.

A partition keeps its states, its place in the topic and its unwritten results together (shard.py), so each is
consistent by itself. The worker computes and never blocks on a store: results go into buffers that other threads write.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from dataflows.biosync.place import Place
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.signal.partition import Record
from dataflows.biosync.source.topic_reader import POLL_SECONDS, TopicReader


class Shard(Protocol):
    """A partition in a worker, or in a candidate."""

    open: bool
    """Whether it is computed: what was read of it before it was given up is not."""
    place: Place

    def step(self, place: Place, records: list[Record]) -> None:
        """Process records, after which the place is this."""
        ...

    def tick(self) -> None:
        """Keep what changed."""
        ...


class Shards(Protocol):
    """The partitions of this process."""

    @property
    def unavailable(self) -> str:
        """Why one cannot be opened at the moment, or empty."""
        ...

    def shard(self, partition: int) -> Shard | None:
        """The shard of a partition; None while it is of others, or being opened."""
        ...


Batch = tuple[Shard, Place, list[Record]]
"""Records of a partition, and the place behind them."""
_PAUSE = timedelta(seconds=POLL_SECONDS)
_NOT_OURS = timedelta(seconds=0.05)
"""Between two looks at a partition that is not this worker's, or is being opened."""


class _RawPartition(StatefulSourcePartition[tuple[str, Batch], None]):
    def __init__(self, reader: TopicReader, partition: int, shards: Shards, shutdown: Shutdown) -> None:
        self._reader = reader
        self._partition = partition
        self._shards = shards
        self._shutdown = shutdown
        self._next_awake: datetime | None = None
        self._read: Shard | None = None

    def next_batch(self) -> Iterable[tuple[str, Batch]]:
        if self._shutdown.requested:
            raise StopIteration
        shard = self._shards.shard(self._partition)
        if shard is not self._read:
            self._read_for(shard)
        if shard is None:
            self._next_awake = datetime.now(UTC) + _NOT_OURS
            return []
        shard.tick()
        records = self._reader.poll(self._partition)
        if not records:
            self._next_awake = datetime.now(UTC) + _PAUSE
            return []
        self._next_awake = None
        return [(_name(self._partition), (shard, self._reader.position(self._partition), records))]

    def _read_for(self, shard: Shard | None) -> None:
        if self._read is not None:
            self._reader.close(self._partition)
        if shard is not None:
            self._reader.open(self._partition, shard.place)
        self._read = shard

    def next_awake(self) -> datetime | None:
        return self._next_awake

    def snapshot(self) -> None:
        """bytewax keeps nothing."""


class RawSource(FixedPartitionedSource[tuple[str, Batch], None]):
    """The raw topic."""

    def __init__(self, reader: TopicReader, partitions: int, shards: Shards, shutdown: Shutdown) -> None:
        self._reader = reader
        self._partitions = partitions
        self._shards = shards
        self._shutdown = shutdown

    @property
    def unavailable(self) -> str:
        """Why nothing can be read at the moment, or empty."""
        return self._shards.unavailable or self._reader.unavailable

    def list_parts(self) -> list[str]:
        return [_name(partition) for partition in range(self._partitions)]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> _RawPartition:
        return _RawPartition(self._reader, int(for_part), self._shards, self._shutdown)


class _StatePartition(StatefulSinkPartition[Batch, None]):
    def write_batch(self, values: list[Batch]) -> None:
        for shard, place, records in values:
            if shard.open:
                shard.step(place, records)

    def snapshot(self) -> None:
        """bytewax keeps nothing."""


class StateSink(FixedPartitionedSink[Batch, None]):
    """The states of all partitions."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions

    def list_parts(self) -> list[str]:
        return [_name(partition) for partition in range(self._partitions)]

    def part_fn(self, item_key: str) -> int:
        return int(item_key)

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> _StatePartition:
        return _StatePartition()


def build(source: RawSource, sink: StateSink) -> Dataflow:
    flow = Dataflow("biosync")
    op.output("everyone", op.input("records", flow, source), sink)
    return flow


def _name(partition: int) -> str:
    """Names that sort as their numbers do: bytewax numbers partitions in the order of their names."""
    return f"{partition:04d}"
