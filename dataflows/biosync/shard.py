"""A partition in a worker: the states of its persons, where they are kept, and up to where the topic is in them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from dataflows.biosync import metrics
from dataflows.biosync.backoff import Backoff
from dataflows.biosync.place import Place
from dataflows.biosync.shutdown import Shutdown, ShutdownRequested
from dataflows.biosync.signal.partition import PartitionState, Record
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.sink.results import ResultBuffers
from dataflows.biosync.source.bounds import TopicUnavailable, bounds
from dataflows.biosync.source.topic import Topic
from dataflows.biosync.state.bucket import BucketUnavailable, PartitionBucket
from dataflows.biosync.state.choice import Bounds, FromLocal, FromSnapshot
from dataflows.biosync.state.log import StateLog
from dataflows.biosync.state.restore import Restored, StateRefused, Writer, restore
from dataflows.biosync.state.snapshots import THREADS, Snapshots

_STALLED_SECONDS = 60.0
_log = structlog.get_logger(__name__)


class Shard:
    """The worker calls `step` with records, and `tick` whenever it has none or after them."""

    def __init__(
        self,
        partition: int,
        state: PartitionState,
        place: Place,
        epoch: int,
        log: StateLog,
        snapshots: Snapshots | None,
        results: ResultBuffers,
        commit_seconds: float,
    ) -> None:
        self._partition = partition
        self._state = state
        self.place = place
        """Up to where everything is part of the state, and its results are written or in the buffers."""
        self._epoch = epoch
        self._log = log
        self._snapshots = snapshots
        self._results = results
        self._commit_seconds = commit_seconds
        self._next_commit = time.monotonic() + commit_seconds
        self._committed = place
        self._ahead = False
        """Whether the state is ahead of the results: a stop ended the wait for a full buffer."""

    def step(self, place: Place, records: list[Record]) -> None:
        """Process records, after which the place is this."""
        self._ahead = True
        self._results.write(self._partition, self._state.step(records))
        self._ahead = False
        self.place = place

    def tick(self) -> None:
        """Keep what changed, once in `commit_seconds`. Raises Superseded when another process has gone on."""
        now = time.monotonic()
        if now >= self._next_commit:
            self._next_commit = now + self._commit_seconds
            with metrics.SNAPSHOT.time():
                changes, unwritten = self._commit()
                if self._snapshots:
                    self._snapshots.tick(self.place, changes, unwritten, self._state.state)

    def finish(self, deadline: float) -> Future[None] | None:
        """Keep everything, after the last record; returns the upload of the last snapshot, which is begun until
        `deadline` (monotonic seconds)."""
        if self._ahead:
            return None
        changes, unwritten = self._commit()
        self._log.close()
        if self._snapshots is None:
            return None
        return self._snapshots.finish(deadline, self.place, changes, unwritten, self._state.state)

    def _commit(self) -> tuple[dict[str, bytes | None], bytes]:
        if self.place == self._committed:
            return {}, self._results.snapshot(self._partition)
        changes, unwritten = self._state.changes(), self._results.snapshot(self._partition)
        self._log.append(self._epoch, self.place, changes, unwritten, self._state.state)
        self._committed = self.place
        _report_discarded(self._partition, self._state)
        return changes, unwritten


@dataclass
class Shards:
    """The partitions of this worker. `bucket` gives the place of a partition's snapshots; without it the state is on
    the local disk alone."""

    topic: Topic
    rules: Rules
    folder: Path
    results: ResultBuffers
    writer: Writer
    shutdown: Shutdown
    commit_seconds: float
    snapshot_seconds: float
    bucket: Callable[[int], PartitionBucket] | None

    def __post_init__(self) -> None:
        self._opened: dict[int, Shard] = {}
        self._threads = ThreadPoolExecutor(THREADS, "state")
        self.unavailable = ""
        """Why a partition cannot be opened at the moment, or empty."""
        self._waiting_since: float | None = None

    @property
    def stalled(self) -> str:
        """The same, once it has been so for a minute."""
        since = self._waiting_since
        return self.unavailable if since is not None and time.monotonic() - since >= _STALLED_SECONDS else ""

    def __getitem__(self, partition: int) -> Shard:
        return self._opened[partition]

    def open(self, partition: int) -> Shard:
        """Restore a partition. Waits for S3 and Kafka; raises StateRefused, and ShutdownRequested out of the wait."""
        log = StateLog(self.folder / f"{partition:04d}")
        bucket = self.bucket(partition) if self.bucket else None
        restored = self._restore(partition, log, bucket)
        content = restored.content
        state = PartitionState(self.topic.name, partition, self.rules, content.states)
        discarded = dict.fromkeys(state.discarded)
        _report_discarded(partition, state)
        if content.unwritten:
            self.results.restore(partition, content.unwritten)
        snapshots: Snapshots | None = None
        if bucket and restored.claim:
            states = content.states
            newest = {
                user: (name, len(states[user])) for user, name in restored.newest.items() if user not in discarded
            }
            pending = (states if isinstance(restored.plan, FromLocal) else {}) | discarded
            snapshots = Snapshots(
                bucket, restored.claim, newest, pending, self._threads, self.shutdown, self.snapshot_seconds
            )
        epoch = restored.claim.manifest.epoch if restored.claim else 0
        place = content.place
        shard = Shard(partition, state, place, epoch, log, snapshots, self.results, self.commit_seconds)
        self._opened[partition] = shard
        return shard

    def finish(self, seconds: float) -> None:
        """Keep everything, after the last record; the snapshots may take these seconds."""
        deadline = time.monotonic() + seconds
        last = [upload for shard in self._opened.values() if (upload := shard.finish(deadline))]
        finished = wait(last, max(0.0, deadline - time.monotonic()))
        failed = [error for upload in finished.done if (error := upload.exception())]
        if finished.not_done or failed:
            _log.warning(
                "last_snapshots_not_written",
                partitions=len(finished.not_done) + len(failed),
                error=str(failed[0]) if failed else "S3 did not answer in time",
                action="the next start computes what is missing",
            )

    def _restore(self, partition: int, log: StateLog, bucket: PartitionBucket | None) -> Restored:
        backoff = Backoff()
        while True:
            try:
                restored = restore(log, bucket, partition, self.writer, lambda: self._bounds(partition))
                break
            except (BucketUnavailable, TopicUnavailable) as error:
                self.unavailable = f"the state of partition {partition} cannot be read yet: {error}"
                self._waiting_since = self._waiting_since or time.monotonic()
                _log.warning("state_unavailable", partition=partition, error=str(error), action="it is tried again")
            except StateRefused as error:
                _log.error("state_refused", partition=partition, error=str(error), action="the dataflow stops")
                raise
            if self.shutdown.wait_for_request(backoff.next()):
                raise ShutdownRequested
        self.unavailable, self._waiting_since = "", None
        origin, described = _described(restored)
        metrics.STATE_ORIGIN.labels(str(partition), origin).set(1)
        persons, place = len(restored.content.states), restored.content.place
        _log.info("state_restored", partition=partition, origin=origin, persons=persons, place=list(place), **described)
        return restored

    def _bounds(self, partition: int) -> Bounds:
        return Bounds(*bounds(self.topic, partition))


def _described(restored: Restored) -> tuple[str, dict[str, Any]]:
    plan, claim = restored.plan, restored.claim
    epoch = {"epoch": claim.manifest.epoch} if claim else {}
    if isinstance(plan, FromLocal):
        return "local", epoch
    if isinstance(plan, FromSnapshot):
        age = round(time.time() - plan.snapshot.taken / 1000, 1)
        return "snapshot", {**epoch, "why": plan.why, "snapshot": plan.snapshot.name, "age_seconds": age}
    return "topic", {**epoch, "why": plan.why}


def _report_discarded(partition: int, state: PartitionState) -> None:
    if state.discarded:
        metrics.DISCARDED.inc(len(state.discarded))
        _log.error("states_discarded", partition=partition, persons=len(state.discarded), action="they start anew")
        state.discarded.clear()
