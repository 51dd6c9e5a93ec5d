"""The start of a partition: its state from where choice.py says, and the claim of a new epoch.

Nothing is written, neither to the bucket nor to the local log, before all of the state was read and verified.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from dataflows.biosync.place import BEGINNING
from dataflows.biosync.state.bucket import PartitionBucket, Superseded
from dataflows.biosync.state.choice import (
    AskTopic,
    Bounds,
    FromLocal,
    FromSnapshot,
    FromTopic,
    Local,
    Plan,
    Refused,
    choose,
)
from dataflows.biosync.state.claim import Writer, begun
from dataflows.biosync.state.log import Content, StateLog, StateLogCorrupt
from dataflows.biosync.state.manifest import Damaged, Foreign, Manifest, Snapshot, read_segment


@dataclass(frozen=True)
class Claim:
    """The epoch that this start has begun: its manifest, and the ETag of that."""

    manifest: Manifest
    etag: str


@dataclass(frozen=True)
class Restored:
    """A partition's state, and where it came from. `newest` says in which segment each person's state lies."""

    plan: FromLocal | FromSnapshot | FromTopic
    content: Content
    newest: dict[str, str]
    claim: Claim | None


class GivenUp(Exception):
    """The partition is not ours any more: nothing was claimed."""


class StateRefused(RuntimeError):
    """The state in the bucket cannot be used; nothing was written."""


def restore(
    log: StateLog,
    bucket: PartitionBucket | None,
    partition: int,
    writer: Writer,
    bounds: Callable[[], Bounds],
    ours: Callable[[], bool] = lambda: True,
    *,
    after: int,
) -> Restored:
    """Raises StateRefused; BucketUnavailable, and what `bounds` raises, when it has to be tried again. GivenUp when the
    partition is no longer `ours` at the end: a claim now would end whoever has it. The claim's epoch is later than
    `after`."""
    local, content = _local(log)
    while True:
        manifests = bucket.manifests() if bucket else []
        now = int(time.time() * 1000)
        plan, found, newest = _read(manifests, local, content, bucket, bounds, writer.software, now)
        claim = None
        if not ours():
            raise GivenUp
        if bucket:
            try:
                manifest = begun(manifests, plan, partition, writer, now, after)
                claim = Claim(manifest, bucket.create(manifest))
            except Superseded:
                continue  # somebody else has begun this epoch, and may have gone on
        epoch = claim.manifest.epoch if claim else 0
        if isinstance(plan, FromLocal):
            log.append(epoch, found.place, {}, found.unwritten, found.states.__getitem__)
        else:
            log.reset()
            log.append(epoch, found.place, dict(found.states), found.unwritten, found.states.__getitem__)
        return Restored(plan, found, newest, claim)


def _local(log: StateLog) -> tuple[Local | None, Content | None]:
    try:
        content = log.load()
    except StateLogCorrupt as error:
        return Local(0, BEGINNING, str(error)), None
    return (Local(content.epoch, content.place), content) if content else (None, None)


def _read(
    manifests: list[Manifest | Foreign],
    local: Local | None,
    content: Content | None,
    bucket: PartitionBucket | None,
    bounds: Callable[[], Bounds],
    software: str,
    now: int,
) -> tuple[FromLocal | FromSnapshot | FromTopic, Content, dict[str, str]]:
    damaged: dict[str, str] = {}
    known: Bounds | None = None
    while True:
        plan: Plan = choose(manifests, local, damaged, known, software, now)
        match plan:
            case FromLocal():
                assert content is not None
                return plan, content, {}
            case FromTopic():
                return plan, Content(0, BEGINNING, {}, b""), {}
            case AskTopic():
                known = bounds()
            case Refused(why):
                where = bucket.url if bucket else ""
                raise StateRefused(
                    f"{why}. Nothing was written, and {where} is as it was. Restore the earlier version of the object"
                    f" that is named, or delete {where} to compute everything from the oldest record of the topic"
                )
            case FromSnapshot(snapshot):
                assert bucket is not None
                try:
                    return plan, *load(bucket, snapshot)
                except Damaged as error:
                    damaged[snapshot.name] = str(error)


def load(bucket: PartitionBucket, snapshot: Snapshot) -> tuple[Content, dict[str, str]]:
    """A snapshot's content, and in which segment each person's state lies. Raises Damaged and BucketUnavailable."""
    states: dict[str, bytes] = {}
    newest: dict[str, str] = {}
    for segment in snapshot.segments:
        for user, state in read_segment(segment, bucket.read(segment)).items():
            if state is None:
                states.pop(user, None)
                newest.pop(user, None)
            else:
                states[user] = state
                newest[user] = segment.name
    unwritten = bucket.read(snapshot.unwritten) if snapshot.unwritten else b""
    return Content(snapshot.epoch, snapshot.place, states, unwritten), newest
