"""When to take a snapshot, which segments it still needs, and which objects are garbage. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from dataflows.biosync.state import rollback
from dataflows.biosync.state.manifest import Earlier, Manifest, Object, Retired, Snapshot

GRACE_MS = 900_000
"""Before an object that no snapshot needs is deleted: the other region may have the manifest before for this long."""
KEPT_EPOCHS = 3
"""Manifests that are kept, the newest included."""
_GROWTH = 3
_LEAST_BYTES = 1 << 16
_MOST_SEGMENTS = 64
"""A start reads them one after the other. In a stream that few people wear, everybody is written again once an hour."""


def due(now: float, taken: float | None, every: float) -> bool:
    """Whether to take one, `taken` being when the last was: both in monotonic seconds, `every` in seconds."""
    return taken is None or now - taken >= every


def leaving(segments: Sequence[tuple[int, int]]) -> int:
    """How many of the oldest segments the next snapshot does without, when it has their live states anew.

    `segments` are sizes and bytes of live states, the oldest first. Only the oldest may leave: one may say that a
    person was deleted whom an older one has.
    """
    total, live = sum(size for size, _ in segments), sum(alive for _, alive in segments)
    for count, (size, alive) in enumerate(segments):
        few = len(segments) - count < _MOST_SEGMENTS
        if alive and few and total <= _GROWTH * max(live, _LEAST_BYTES):
            return count
        total += alive - size
    return len(segments)


def following(previous: Manifest, snapshot: Snapshot, deleted: Collection[str], now: int) -> Manifest:
    """The manifest after this snapshot, of which the objects named in `deleted` are gone; `now` in Unix ms."""
    snapshots, earlier = [snapshot, *previous.snapshots[:1]], rollback.kept(previous.earlier, now)
    retired = [one for one in _retired(previous, snapshots, earlier, now) if one.object.name not in deleted]
    return msgspec.structs.replace(previous, snapshots=snapshots, earlier=earlier, retired=retired)


def resumed(
    newest: Manifest, snapshot: Snapshot | None, earlier: Sequence[Earlier], now: int
) -> tuple[list[Snapshot], list[Retired]]:
    """Snapshots and retired objects of the manifest that goes on from this snapshot, or, without one, from a state that
    is in none, and has these `earlier`; `now` in Unix ms."""
    snapshots = [snapshot] if snapshot else newest.snapshots
    return snapshots, _retired(newest, snapshots, earlier, now)


def _retired(previous: Manifest, snapshots: Sequence[Snapshot], earlier: Sequence[Earlier], now: int) -> list[Retired]:
    """What the manifest after this one does not need, when it has these snapshots."""
    needed = {one.name for one in _used(snapshots, earlier)}
    left = {one.name: one for one in _used(previous.snapshots, previous.earlier) if one.name not in needed}
    retired = [one for one in previous.retired if one.object.name not in needed | left.keys()]
    return [*retired, *(Retired(one, now) for one in left.values())]


def expired(manifest: Manifest, now: int) -> list[str]:
    """Names of retired objects that can be deleted."""
    return [one.object.name for one in manifest.retired if now - one.since >= GRACE_MS]


def orphans(listed: Iterable[tuple[str, int]], manifests: Iterable[Manifest], epoch: int, now: int) -> list[str]:
    """Names of objects that no manifest has: a writer was killed before its manifest.

    `listed` are names with the time of their writing. What a later epoch wrote is none of ours.
    """
    known = {one.name for manifest in manifests for one in _objects(manifest)}
    return [
        name
        for name, written in listed
        if name not in known and now - written >= GRACE_MS and int(name.partition("-")[0]) <= epoch
    ]


def _objects(manifest: Manifest) -> list[Object]:
    return _used(manifest.snapshots, manifest.earlier) + [one.object for one in manifest.retired]


def _used(snapshots: Iterable[Snapshot], earlier: Iterable[Earlier]) -> list[Object]:
    return [one for taken in (*snapshots, *(one.snapshot for one in earlier)) for one in taken.objects]
