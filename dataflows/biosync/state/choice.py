"""Where a partition's state comes from at a start: the local log, a snapshot, or the topic. Pure.

Results are a function of a state and the records after it, and are written idempotently. So an earlier state is as good
as a later one exactly when the topic still has every record after its place; that is the one condition here.

It holds for the results of one software. One that comes again after another (rollback.py) goes on from its own snapshot
under the same condition, even from behind a manifest that it cannot read, and writes its rows over those of the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dataflows.biosync.place import BEGINNING, MARGIN_MS, Place
from dataflows.biosync.state import rollback
from dataflows.biosync.state.manifest import Earlier, Foreign, Manifest, Snapshot


@dataclass(frozen=True)
class Local:
    """The local log: whole, with its epoch and place, or damaged."""

    epoch: int
    place: Place
    damage: str = ""


@dataclass(frozen=True)
class Bounds:
    """What a partition of the topic holds: offsets from `low` up to `high`, and the time of the record at `low` in
    Unix ms, None when it is empty."""

    topic: str
    low: int
    high: int
    oldest: int | None

    def reach(self, place: Place) -> bool:
        """Whether the records after this place are all here. Another topic proves it only by a record before it, and
        when nothing was read, it is whether any was lost."""
        if place == BEGINNING:
            return self.low == 0
        if place.topic == self.topic:
            return self.low <= place.offset <= self.high
        return self.oldest is not None and self.oldest <= place.at - MARGIN_MS


@dataclass(frozen=True)
class FromLocal:
    """The log of this Pod's disk, which nobody has gone on from elsewhere."""


@dataclass(frozen=True)
class FromSnapshot:
    snapshot: Snapshot
    why: str


@dataclass(frozen=True)
class Back(FromSnapshot):
    """The snapshot of `target`, with which other software went on."""

    target: Earlier


@dataclass(frozen=True)
class FromTopic:
    """No state: everything is computed from the oldest record."""

    why: str


@dataclass(frozen=True)
class AskTopic:
    """What the topic holds decides."""


@dataclass(frozen=True)
class Refused:
    why: str


Plan = FromLocal | FromSnapshot | FromTopic | AskTopic | Refused


def choose(
    manifests: Sequence[Manifest | Foreign],
    log: Local | None,
    damaged: Mapping[str, str],
    bounds: Bounds | None,
    software: str,
    now: int,
) -> Plan:
    """`manifests` with the latest epoch first, `damaged` what is wrong with snapshots by their name, `bounds` of the
    topic unless they were not asked for yet; `software` is that which starts, `now` in Unix ms."""
    newest = manifests[0] if manifests else None
    target = rollback.target(newest, software, now) if newest else None
    forward = ""
    if newest and target:
        snapshot = target.snapshot
        if snapshot.name in damaged:
            problem = damaged[snapshot.name]
        elif bounds is None:
            return AskTopic()
        elif bounds.reach(snapshot.place):
            # The local log does not count: it is of other software, or of what is computed again.
            return Back(snapshot, rollback.described(target, newest), target)
        else:
            problem = "the topic does not have every record since any more"
        forward = f"not {rollback.described(target, newest)}, since {problem}; "
    if isinstance(newest, Foreign):
        # Snapshots of earlier epochs are not kept for anybody, and may be of other software, or from long before.
        return Refused(f"{forward}the manifest of epoch {newest.epoch} cannot be used: {newest.why}")
    known = [one for one in manifests if isinstance(one, Manifest) and newest and one.epoch >= newest.went_back]
    return _forward(known, log, damaged, bounds, forward)


def _forward(
    manifests: Sequence[Manifest], log: Local | None, damaged: Mapping[str, str], bounds: Bounds | None, forward: str
) -> Plan:
    """Where to go on from the newest that there is; `forward` says why it is not gone back."""
    newest = manifests[0] if manifests else None
    snapshots = [one for manifest in manifests for one in manifest.snapshots]
    lost = f"the local log is damaged: {log.damage}" if log and log.damage else "there is no local log"
    if log and not log.damage:
        lost = _outdated(log, newest, snapshots)
        if not lost:
            return FromLocal()
    lost = f"{forward}{lost}"
    if not snapshots:
        return FromTopic(lost)
    found = next((one for one in snapshots if one.name not in damaged), None)
    if found and found is snapshots[0]:
        return FromSnapshot(found, lost)
    if bounds is None:
        return AskTopic()
    problems = "; ".join(damaged.values())
    if found and bounds.reach(found.place):
        return FromSnapshot(found, f"{lost}; the topic still has every record since this one, and {problems}")
    newest_place = snapshots[0].place
    if not found and bounds.topic == newest_place.topic and bounds.low == 0 and bounds.reach(newest_place):
        return FromTopic(f"{lost}; the topic still has every record, and {problems}")
    return Refused(f"{lost}; {problems}; and the topic does not have every record since an earlier snapshot any more")


def _outdated(log: Local, newest: Manifest | None, snapshots: Sequence[Snapshot]) -> str:
    """Why the local log must not be used, or empty."""
    if newest and newest.epoch != log.epoch:
        return f"the local log is of epoch {log.epoch}, and epoch {newest.epoch} went on elsewhere"
    if snapshots and snapshots[0].place.topic == log.place.topic and snapshots[0].place.offset > log.place.offset:
        return "the local log ends before the newest snapshot"
    return ""
