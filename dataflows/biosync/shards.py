"""The partitions of this worker: opened when the group assigns them, given up when others get them."""

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
from dataflows.biosync.shard import Shard, report_discarded
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.signal.partition import PartitionState
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.sink.fence import UNFENCED, Fence, Fenced
from dataflows.biosync.sink.results import ResultBuffers
from dataflows.biosync.source.bounds import TopicUnavailable, bounds
from dataflows.biosync.source.membership import Membership
from dataflows.biosync.source.topic import Topic
from dataflows.biosync.state.bucket import BucketUnavailable, PartitionBucket
from dataflows.biosync.state.choice import Bounds, FromLocal, FromSnapshot
from dataflows.biosync.state.claim import Writer
from dataflows.biosync.state.log import StateLog
from dataflows.biosync.state.restore import GivenUp, Restored, StateRefused, restore
from dataflows.biosync.state.snapshots import THREADS, Snapshots

_STALLED_SECONDS = 60.0
_ORIGINS = ("local", "snapshot", "topic")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Opened:
    """What a thread read, for the worker."""

    log: StateLog
    bucket: PartitionBucket | None
    restored: Restored
    state: PartitionState


@dataclass
class Shards:
    """The worker asks for a partition's shard, again and again. `bucket` gives the place of a partition's snapshots;
    without it the state is on the local disk alone."""

    membership: Membership
    topic: Topic
    rules: Rules
    folder: Path
    results: ResultBuffers
    fence: Fence
    writer: Writer
    shutdown: Shutdown
    commit_seconds: float
    snapshot_seconds: float
    bucket: Callable[[int], PartitionBucket] | None

    def __post_init__(self) -> None:
        self._shards: dict[int, tuple[int, Shard]] = {}
        """With the term of each."""
        self._opening: dict[int, tuple[int, Future[_Opened]]] = {}
        self._terms: dict[int, int] = {}
        """The last in which each was opened."""
        self._uploads = ThreadPoolExecutor(THREADS, "state")
        self._opens = ThreadPoolExecutor(THREADS, "open")
        self._waiting: dict[int, tuple[float, str]] = {}
        """Since when (monotonic seconds) and why a partition cannot be opened."""

    @property
    def unavailable(self) -> str:
        """Why nothing is assigned, or one cannot be opened, at the moment; or empty."""
        return next((why for _, why in self._waits()), "")

    @property
    def stalled(self) -> str:
        """The same, once it has been so for a minute."""
        late = time.monotonic() - _STALLED_SECONDS
        return next((why for since, why in self._waits() if since <= late), "")

    def shard(self, partition: int) -> Shard | None:
        """The shard of a partition; None while that is not ours, or not read yet. Does not block, but while a partition
        is given up. Raises StateRefused, Fenced, and what ended the membership."""
        if self.membership.failure is not None:
            raise self.membership.failure
        if self.fence.lost:
            raise Fenced(self.fence.lost)
        term = self.membership.term(partition)
        if found := self._shards.get(partition):
            if found[0] == term:
                return found[1]
            self._release(partition)
            return None
        if begun := self._opening.get(partition):
            return self._opened(partition, term) if begun[1].done() else None
        if term is not None and (term := self.membership.hold(partition)) is not None:
            self._terms[partition] = term
            self._opening[partition] = term, self._opens.submit(self._open, partition, term)
        return None

    def finish(self, seconds: float) -> None:
        """Keep everything, after the last record; the snapshots may take these seconds."""
        deadline = time.monotonic() + seconds
        last = [upload for _, shard in self._shards.values() if (upload := shard.finish(deadline))]
        finished = wait(last, max(0.0, deadline - time.monotonic()))
        failed = [error for upload in finished.done if (error := upload.exception())]
        if finished.not_done or failed:
            _log.warning(
                "last_snapshots_not_written",
                partitions=len(finished.not_done) + len(failed),
                error=str(failed[0]) if failed else "S3 did not answer in time",
                action="whoever goes on computes what is missing",
            )
        for partition, (term, _) in [*self._shards.items(), *self._opening.items()]:
            self.membership.let_go(partition, term)

    def _waits(self) -> list[tuple[float, str]]:
        waiting = self.membership.waiting
        return [*([waiting] if waiting else []), *list(self._waiting.values())]

    def _opened(self, partition: int, term: int | None) -> Shard | None:
        """The shard of a partition that was read."""
        begun, future = self._opening.pop(partition)
        try:
            opened = future.result()
        except GivenUp:
            self._forget(partition, begun)
            return None
        if begun != term:
            opened.log.close()
            self._forget(partition, begun)
            return None
        content, restored = opened.restored.content, opened.restored
        epoch = restored.claim.manifest.epoch if restored.claim else UNFENCED
        self.fence.hold(partition, epoch)
        discarded = dict.fromkeys(opened.state.discarded)
        report_discarded(partition, opened.state)
        if content.unwritten:
            self.results.restore(partition, content.unwritten)
        snapshots: Snapshots | None = None
        if opened.bucket and restored.claim:
            states = content.states
            newest = {
                user: (name, len(states[user])) for user, name in restored.newest.items() if user not in discarded
            }
            pending = (states if isinstance(restored.plan, FromLocal) else {}) | discarded
            snapshots = Snapshots(
                opened.bucket, restored.claim, newest, pending, self._uploads, self.shutdown, self.snapshot_seconds
            )
        shard = Shard(
            partition, opened.state, content.place, epoch, opened.log, snapshots, self.results, self.commit_seconds
        )
        self._shards[partition] = begun, shard
        return shard

    def _release(self, partition: int) -> None:
        """Others get the partition: its state is kept first, unless it is lost."""
        term, shard = self._shards.pop(partition)
        if self.membership.leaving(partition):
            upload = shard.finish(self.membership.leave_by)
            self.results.forget(partition)
        else:
            upload = shard.abandon()
        self.fence.forget(partition)
        if upload is None:
            self._forget(partition, term)
        else:
            upload.add_done_callback(lambda ended: self._uploaded(partition, term, ended))

    def _uploaded(self, partition: int, term: int, upload: Future[None]) -> None:
        if error := upload.exception():
            action = "whoever has the partition goes on from the snapshot before"
            _log.warning("last_snapshot_not_written", partition=partition, error=str(error), action=action)
        self._forget(partition, term)

    def _forget(self, partition: int, term: int) -> None:
        """It is nobody's here, unless a later term has begun."""
        if self._terms.get(partition) == term:
            number = str(partition)
            for gauge in (metrics.STATE_TIME, metrics.STATE_STORED, metrics.STATE_PERSONS):
                metrics.forget(gauge, number)
            for origin in _ORIGINS:
                metrics.forget(metrics.STATE_ORIGIN, number, origin)
        self.membership.let_go(partition, term)

    def _open(self, partition: int, term: int) -> _Opened:
        """In a thread: waits for S3 and Kafka."""
        bucket = self.bucket(partition) if self.bucket else None
        backoff = Backoff()

        def ours() -> bool:
            return not self.shutdown.requested and self.membership.term(partition) == term

        try:
            while True:
                if not ours():
                    raise GivenUp
                log = StateLog(self.folder / f"{partition:04d}")
                try:
                    restored = restore(
                        log,
                        bucket,
                        partition,
                        self.writer,
                        lambda: self._bounds(partition),
                        ours,
                        after=self.fence.latest(partition) if bucket else UNFENCED,
                    )
                    break
                except (BucketUnavailable, TopicUnavailable) as error:
                    why = f"the state of partition {partition} cannot be read yet: {error}"
                    since = self._waiting.get(partition, (time.monotonic(), ""))[0]
                    self._waiting[partition] = since, why
                    _log.warning("state_unavailable", partition=partition, error=str(error), action="it is tried again")
                except StateRefused as error:
                    _log.error("state_refused", partition=partition, error=str(error), action="the worker ends")
                    raise
                log.close()
                self.shutdown.wait_for_request(backoff.next())
        finally:
            self._waiting.pop(partition, None)
        origin, described = _described(restored)
        metrics.STATE_ORIGIN.labels(str(partition), origin).set(1)
        persons, place = len(restored.content.states), restored.content.place
        _log.info("state_restored", partition=partition, origin=origin, persons=persons, place=list(place), **described)
        state = PartitionState(self.topic.name, partition, self.rules, restored.content.states)
        return _Opened(log, bucket, restored, state)

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
