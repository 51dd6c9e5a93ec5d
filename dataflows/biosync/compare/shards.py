"""The partitions of a candidate: each begins with a snapshot of the running image, and writes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Queue
from typing import NamedTuple

import structlog

from dataflows.biosync.place import Place
from dataflows.biosync.signal.partition import Output, PartitionState, Record
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.source.bounds import TopicUnavailable, bounds
from dataflows.biosync.source.topic import Topic
from dataflows.biosync.state.bucket import BucketUnavailable, PartitionBucket
from dataflows.biosync.state.manifest import Damaged, Foreign, Snapshot
from dataflows.biosync.state.restore import load

_RETRY_SECONDS = 1.0
_THREADS = 4
_log = structlog.get_logger(__name__)


class Computed(NamedTuple):
    """Results of some records of a partition, behind which is the place."""

    partition: int
    place: Place
    output: Output


class _StateUnreadable(RuntimeError):
    """This image does not read what the running one writes."""


class CandidateShard:
    """A partition, whose results go to `results`; that waits while it is full."""

    open = True

    def __init__(self, partition: int, state: PartitionState, place: Place, results: Queue[Computed]) -> None:
        self._partition = partition
        self._state = state
        self.place = place
        self._results = results

    def step(self, place: Place, records: list[Record]) -> None:
        """Process records, after which the place is this."""
        self._results.put(Computed(self._partition, place, self._state.step(records)))
        self.place = place
        self._state.changes()  # are kept nowhere

    def tick(self) -> None:
        """There is nothing to keep."""


class CandidateShards:
    """All partitions of `topic`. They begin with a snapshot taken after `since` (Unix ms), when the candidate started,
    of all records that there were then: one from before may be of another spec than the running image has now, and
    where that image catches up, the store has rows that it is about to write again. None is computed before all can
    be: what is equal for a time is equal in each of them."""

    def __init__(
        self,
        topic: Topic,
        rules: Rules,
        bucket: Callable[[int], PartitionBucket],
        results: Queue[Computed],
        since: int,
    ) -> None:
        self._topic = topic
        self._rules = rules
        self._bucket = bucket
        self._results = results
        self._since = since
        self.refused = ""
        """Why this image cannot go on from such a snapshot."""
        self._shards: dict[int, CandidateShard] = {}
        self._opening: dict[int, Future[CandidateShard | None]] = {}
        self._threads = ThreadPoolExecutor(_THREADS, "open")
        self._waiting: dict[int, str] = {}

    @property
    def unavailable(self) -> str:
        """Why one cannot be opened at the moment, or empty."""
        return next(iter(list(self._waiting.values())), "")

    def shard(self, partition: int) -> CandidateShard | None:
        """The shard of a partition; None until there is a snapshot of each that can be read."""
        opening = self._opening.get(partition)
        if opening is None:
            self._opening[partition] = self._threads.submit(self._open, partition)
        elif partition not in self._shards and opening.done() and (opened := opening.result()) is not None:
            self._shards[partition] = opened
        return self._shards[partition] if len(self._shards) == self._topic.partitions else None

    def _open(self, partition: int) -> CandidateShard | None:
        """In a thread: waits for S3 and the running image."""
        bucket = self._bucket(partition)
        end: tuple[str, int] | None = None
        self._waiting[partition] = f"the running image has taken no snapshot of partition {partition} yet"
        while True:
            try:
                if end is None:
                    topic_id, _, high, _ = bounds(self._topic, partition)
                    end = topic_id, high
                if (snapshot := self._newest(bucket, *end)) is not None:
                    content, _ = load(bucket, snapshot)
                    state = PartitionState(self._topic.name, partition, self._rules, content.states)
                    if state.discarded:
                        raise _StateUnreadable(f"it cannot read the states of {len(state.discarded)} persons")
                    break
            except _StateUnreadable as error:
                self.refused = f"this image cannot go on from the running one's state of partition {partition}: {error}"
                _log.error(
                    "state_unreadable", partition=partition, error=str(error), action="the running image goes on"
                )
                return None
            except (BucketUnavailable, Damaged, TopicUnavailable) as error:
                self._waiting[partition] = f"partition {partition} cannot be begun: {error}"
            time.sleep(_RETRY_SECONDS)
        _log.info("compared_from", partition=partition, persons=len(content.states), place=list(content.place))
        del self._waiting[partition]
        return CandidateShard(partition, state, content.place, self._results)

    def _newest(self, bucket: PartitionBucket, topic_id: str, high: int) -> Snapshot | None:
        latest = next(iter(bucket.manifests()), None)
        if isinstance(latest, Foreign):
            raise _StateUnreadable(latest.why)
        newest = latest.snapshots[0] if latest and latest.snapshots else None
        if newest is None or newest.taken < self._since:
            return None
        caught_up = newest.place.offset >= high if newest.place.topic == topic_id else not high
        return newest if caught_up else None
