"""When to take a snapshot, which segments it still needs, and which objects are garbage. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from dataflows.biosync.state.manifest import Manifest, Object, Retired, Snapshot

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
    snapshots = [snapshot, *previous.snapshots[:1]]
    needed = {one.name for kept in snapshots for one in kept.objects}
    retired = [one for one in previous.retired if one.object.name not in deleted]
    before = {one.name: one for old in previous.snapshots for one in old.objects}
    retired += [Retired(one, now) for name, one in before.items() if name not in needed]
    return msgspec.structs.replace(previous, snapshots=snapshots, retired=retired)


def resumed(newest: Manifest, snapshot: Snapshot | None, now: int) -> tuple[list[Snapshot], list[Retired]]:
    """Snapshots and retired objects of the manifest that goes on from this snapshot, or, without one, from a state that
    is in none; `now` in Unix ms."""
    if snapshot is None:
        return newest.snapshots, newest.retired
    needed = {one.name for one in snapshot.objects}
    unneeded = {one.name: one for old in newest.snapshots for one in old.objects if one.name not in needed}
    retired = [one for one in newest.retired if one.object.name not in needed | unneeded.keys()]
    return [snapshot], [*retired, *(Retired(one, now) for one in unneeded.values())]


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
    return [one for old in manifest.snapshots for one in old.objects] + [one.object for one in manifest.retired]
