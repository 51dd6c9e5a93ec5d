"""Where a partition's state comes from at a start: the local log, a snapshot, or the topic. Pure.

Results are a function of a state and the records after it, and are written idempotently. So an earlier state is as good
as a later one exactly when the topic still has every record after its place; that is the one condition here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dataflows.biosync.place import MARGIN_MS, Place
from dataflows.biosync.state.manifest import Foreign, Manifest, Snapshot


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
        """Whether the records after this place are all here. Another topic proves it only by a record before it."""
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
    manifests: Sequence[Manifest | Foreign], log: Local | None, damaged: Mapping[str, str], bounds: Bounds | None
) -> Plan:
    """`manifests` with the latest epoch first, `damaged` what is wrong with snapshots by their name, `bounds` of the
    topic unless they were not asked for yet."""
    newest = manifests[0] if manifests else None
    if isinstance(newest, Foreign):
        # An earlier state would do for the rows, but this software would write its own over those of the later one.
        return Refused(f"the manifest of epoch {newest.epoch} cannot be used: {newest.why}")
    snapshots = [one for manifest in manifests if isinstance(manifest, Manifest) for one in manifest.snapshots]
    lost = f"the local log is damaged: {log.damage}" if log and log.damage else "there is no local log"
    if log and not log.damage:
        lost = _outdated(log, newest, snapshots)
        if not lost:
            return FromLocal()
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
