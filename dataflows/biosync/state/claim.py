"""The manifest with which a start begins its epoch. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dataflows.biosync.state import retention, rollback
from dataflows.biosync.state.choice import Back, FromLocal, FromSnapshot, FromTopic
from dataflows.biosync.state.manifest import Earlier, Foreign, Manifest, Retired, Snapshot


@dataclass(frozen=True)
class Writer:
    """Who writes: see Manifest. `id` is unique to a start."""

    topic: str
    id: str
    pod: str
    software: str


def begun(
    manifests: Sequence[Manifest | Foreign],
    plan: FromLocal | FromSnapshot | FromTopic,
    partition: int,
    writer: Writer,
    now: int,
    after: int,
) -> Manifest:
    """The manifest after these, the latest of which is the first, when the state comes from where `plan` says; `now`
    in Unix ms. Its epoch is later than `after`: the other region may have begun some whose manifests never came."""
    newest = manifests[0] if manifests else None
    epoch = max(newest.epoch if newest else 0, after) + 1
    snapshots, retired, earlier, went_back = list[Snapshot](), list[Retired](), list[Earlier](), 0
    snapshot = plan.snapshot if isinstance(plan, FromSnapshot) else None
    if newest and isinstance(plan, Back):
        # What a manifest that cannot be read has retired is not known here: once it is deleted, those are orphans.
        snapshots, earlier, went_back = [plan.snapshot], rollback.below(newest, plan.target, now), epoch
    elif isinstance(newest, Manifest):
        # The local log is further than the newest snapshot, but nobody else has it.
        left = newest.snapshots[0] if isinstance(plan, FromLocal) and newest.snapshots else snapshot
        earlier, went_back = rollback.following(newest, left, writer.software, now), newest.went_back
    if isinstance(newest, Manifest):
        snapshots, retired = retention.resumed(newest, snapshot, earlier, now)
    return Manifest(
        topic=writer.topic,
        partition=partition,
        epoch=epoch,
        writer=writer.id,
        pod=writer.pod,
        software=writer.software,
        snapshots=snapshots,
        retired=retired,
        earlier=earlier,
        went_back=went_back,
    )
