"""Going back to earlier software: to the state that it left, for an hour, whatever others have done since."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflows.biosync.place import BEGINNING, Place
from dataflows.biosync.state import retention
from dataflows.biosync.state.choice import (
    AskTopic,
    Back,
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
from dataflows.biosync.state.manifest import Earlier, Foreign, Manifest, Object, Snapshot, decode, encode
from dataflows.biosync.state.rollback import ROLLBACK_MS

MINUTE = 60_000
NOON = 1_760_011_200_000
WHOLE_TOPIC = Bounds("west", 0, 1_000_000, 0)


def snapshot_of(name: str, epoch: int, offset: int, at: int = NOON) -> Snapshot:
    return Snapshot(epoch, 1, Place("west", offset, offset), at, 1, [Object(name, "", 1)], None)


OF_A, OF_B = snapshot_of("a", 1, 100), snapshot_of("b", 2, 200, NOON + 20 * MINUTE)
CHANGED = NOON + MINUTE
EARLIER = Earlier("a:1", OF_A, CHANGED)
BY_B = Manifest("raw", 0, 2, "writer", "pod", "b:1", [OF_B], earlier=[EARLIER])
BY_A = Manifest("raw", 0, 1, "writer", "pod", "a:1", [OF_A])


def plan(
    software: str = "a:1",
    newest: Manifest | Foreign = BY_B,
    log: Local | None = None,
    damaged: dict[str, str] | None = None,
    bounds: Bounds | None = WHOLE_TOPIC,
    now: int = CHANGED + 30 * MINUTE,
) -> Plan:
    return choose([newest, BY_A], log, damaged or {}, bounds, software, now)


def claimed(found: Plan, software: str, *manifests: Manifest | Foreign, now: int = CHANGED + 30 * MINUTE) -> Manifest:
    assert isinstance(found, FromLocal | FromSnapshot | FromTopic)
    return begun(manifests, found, 0, Writer("raw", "w", "pod", software), now, 0)


def test_the_previous_image_resumes_from_its_own_snapshot_and_logs_it() -> None:
    found = plan()
    assert found == Back(OF_A, "back to the state of a:1 from 12:00 UTC, with which b:1 went on", EARLIER)
    for software in ("b:1", "c:1"):
        onward = plan(software)
        assert isinstance(onward, FromSnapshot) and not isinstance(onward, Back) and onward.snapshot == OF_B


def test_the_local_log_does_not_count_when_it_is_gone_back() -> None:
    for epoch in (1, 2):
        log = Local(epoch, Place("west", 900, 900))
        assert isinstance(plan(log=log), Back)
        assert plan("b:1", log=log) == FromLocal() or epoch == 1


def test_what_the_others_left_retires_and_the_next_start_goes_on_without_them() -> None:
    now = CHANGED + 30 * MINUTE
    back = claimed(plan(), "a:1", BY_B, BY_A)
    assert (back.epoch, back.snapshots, back.earlier, back.went_back) == (3, [OF_A], [], 3)
    assert [(one.object.name, one.since) for one in back.retired] == [("b", now)]
    # killed before its first snapshot: it goes on from the same one, and never from what lies between
    again = choose([back, BY_B, BY_A], None, {}, None, "a:1", now)
    assert isinstance(again, FromSnapshot) and again.snapshot == OF_A
    assert claimed(again, "a:1", back, BY_B, BY_A).went_back == 3
    refused = choose([back, BY_B, BY_A], None, {OF_A.name: "it is gone"}, Bounds("west", 1, 300, 1), "a:1", now)
    assert isinstance(refused, Refused) and "it is gone" in refused.why


@pytest.mark.parametrize("readable", [True, False])
def test_after_an_hour_it_is_not_gone_back(readable: bool) -> None:
    newest = BY_B if readable else unreadable(BY_B)
    assert isinstance(plan(newest=newest, now=CHANGED + ROLLBACK_MS), Back)
    late = plan(newest=newest, now=CHANGED + ROLLBACK_MS + 1)
    if readable:
        assert isinstance(late, FromSnapshot) and late.snapshot == OF_B
    else:
        assert isinstance(late, Refused) and "state version 2" in late.why


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize("problem", ["damaged", "records lost"])
def test_it_is_not_gone_back_over_records_that_are_lost_nor_to_a_damaged_state(readable: bool, problem: str) -> None:
    newest = BY_B if readable else unreadable(BY_B)
    damaged = {OF_A.name: "segment a is missing"} if problem == "damaged" else {}
    bounds = None if problem == "damaged" else Bounds("west", 101, 300, 101)
    assert plan(newest=newest, bounds=None) == AskTopic()
    found = plan(newest=newest, damaged=damaged, bounds=bounds)
    assert isinstance(found, FromSnapshot | Refused)
    assert "not back to the state of a:1 from 12:00 UTC" in found.why
    assert ("segment a is missing" if damaged else "does not have every record since") in found.why
    if not readable:
        assert isinstance(found, Refused) and "run that software again" in found.why
        return
    assert isinstance(found, FromSnapshot) and found.snapshot == OF_B
    onward = claimed(found, "a:1", BY_B, BY_A)
    assert [one.software for one in onward.earlier] == ["b:1"], "what it goes on with is not its own any more"


def test_where_nothing_was_read_yet_everything_is_computed_again_unless_some_is_lost() -> None:
    nothing = msgspec.structs.replace(OF_A, place=BEGINNING)
    newest = msgspec.structs.replace(BY_B, earlier=[Earlier("a:1", nothing, CHANGED)])
    assert isinstance(plan(newest=newest), Back)
    assert not isinstance(plan(newest=newest, bounds=Bounds("west", 1, 300, 1)), Back)


def test_behind_a_manifest_that_cannot_be_read_it_is_gone_back_all_the_same() -> None:
    newest = unreadable(msgspec.structs.replace(BY_B, earlier=[Earlier("z:1", snapshot_of("z", 1, 50), NOON), EARLIER]))
    found = plan(newest=newest)
    assert isinstance(found, Back) and found.snapshot == OF_A
    back = claimed(found, "a:1", newest, BY_A)
    assert (back.epoch, back.snapshots, back.retired, back.went_back) == (3, [OF_A], [], 3)
    assert [one.software for one in back.earlier] == ["z:1"]


def test_what_it_needs_is_kept_for_an_hour_and_then_retires() -> None:
    now, manifest = CHANGED, claimed(plan("b:1", BY_A), "b:1", BY_A, now=CHANGED)
    assert manifest.earlier == [EARLIER]
    while now < CHANGED + ROLLBACK_MS:
        now += MINUTE
        manifest = retention.following(manifest, snapshot_of(f"at {now}", 2, 200), set(), now)
        assert manifest.earlier == [EARLIER] and "a" not in [one.object.name for one in manifest.retired]
    listed = [("000000000001-of-nobody", 0), ("a", 0)]
    assert retention.orphans(listed, [manifest], 2, now) == ["000000000001-of-nobody"]
    manifest = retention.following(manifest, snapshot_of("last", 2, 200), set(), now + MINUTE)
    assert manifest.earlier == [] and manifest.retired[-1].object.name == "a"
    assert "a" not in retention.expired(manifest, now + retention.GRACE_MS)
    assert "a" in retention.expired(manifest, now + MINUTE + retention.GRACE_MS)


def unreadable(manifest: Manifest) -> Foreign:
    """As it is read when another state version wrote it."""
    found = decode(manifest.epoch, encode(msgspec.structs.replace(manifest, state_version=2)))
    assert isinstance(found, Foreign)
    return found


@dataclass
class Partition:
    """A partition's manifests and objects, and beside them what each software has left: the rule in plain words."""

    now: int = NOON
    offset: int = 0
    manifests: list[Manifest] = field(default_factory=list[Manifest])
    """The latest epoch first."""
    stored: dict[str, int] = field(default_factory=dict[str, int])
    head: Snapshot | None = None
    left: list[tuple[str, Snapshot, int]] = field(default_factory=list[tuple[str, Snapshot, int]])

    def seen_by(self, software: str) -> list[Manifest | Foreign]:
        """C writes another state version: it reads those of the others, and they do not read its own."""
        return [unreadable(one) if one.software == "C" != software else one for one in self.manifests]

    def start(self, software: str, same_disk: bool) -> bool:
        """Whether this software has begun an epoch."""
        newest, known = self.manifests[0] if self.manifests else None, self.seen_by(software)
        log = Local(newest.epoch, Place("west", 999_999, 0)) if newest and same_disk else None
        found = choose(known, log, {}, WHOLE_TOPIC, software, self.now)
        fresh = [one for one in self.left if self.now - one[2] <= ROLLBACK_MS]
        own = [one for one in fresh if one[0] == software] if newest and newest.software != software else []
        if own:
            self.left, self.head = fresh[: fresh.index(own[0])], own[0][1]
            assert isinstance(found, Back)
        elif known and isinstance(known[0], Foreign):
            assert isinstance(found, Refused)
            return False
        else:
            assert not isinstance(found, Back)
            others = [one for one in fresh if one[0] != software]
            if newest and newest.software != software and self.head:
                others.append((newest.software, self.head, self.now))
            self.left = others
        assert isinstance(found, FromLocal | FromSnapshot | FromTopic)
        assert not isinstance(found, FromSnapshot) or found.snapshot == self.head
        manifest = claimed(found, software, *known, now=self.now)
        self._write(manifest)
        assert manifest.snapshots[:1] == ([self.head] if self.head else [])
        assert [(one.software, one.snapshot, one.until) for one in manifest.earlier] == self.left
        return True

    def snapshot(self, number: int, kept: int, first: bool, deleted: set[str]) -> None:
        manifest = self.manifests[0]
        self.offset += 1
        name = f"{manifest.epoch:012d}-{number:09d}-000"
        self.stored[name] = self.now
        base = self.head.segments if self.head else []
        segments = [*base[max(0, len(base) - kept) :], Object(name, "", 1)]
        place = Place("west", self.offset, self.offset)
        self.head = Snapshot(manifest.epoch, number, place, self.now, 1, segments, None)
        self._write(retention.following(manifest, self.head, deleted, self.now))
        deleted.clear()
        gone = retention.expired(self.manifests[0], self.now)
        if first:
            known = self.seen_by(manifest.software)
            listed = [one for one in known if isinstance(one, Manifest)]
            if len(listed) == len(known):
                gone += retention.orphans(self.stored.items(), listed, manifest.epoch, self.now)
            del self.manifests[1:]  # earlier than in the bucket: no older manifest may be what protects an object
        for one in gone:
            assert one not in needed(self.manifests[0])
            self.stored.pop(one, None)
            deleted.add(one)
        assert needed(self.manifests[0]) <= self.stored.keys()
        assert all(self.now - one.until <= ROLLBACK_MS for one in self.manifests[0].earlier)

    def _write(self, manifest: Manifest) -> None:
        assert needed(manifest) <= self.stored.keys()
        assert needed(manifest).isdisjoint(one.object.name for one in manifest.retired)
        if self.manifests and self.manifests[0].epoch == manifest.epoch:
            self.manifests.pop(0)
        self.manifests.insert(0, manifest)


def needed(manifest: Manifest) -> set[str]:
    return {one.name for one in retention._used(manifest.snapshots, manifest.earlier)}


_minutes = st.sampled_from([0, 1, 5, 16, 61])
_snapshots = st.lists(st.tuples(_minutes, st.integers(0, 3)), max_size=6)
"""Minutes before each, and how many segments of the one before it has."""
_starts = st.lists(st.tuples(_minutes, st.booleans(), _snapshots), min_size=1, max_size=5)
"""Of one software: minutes before each, and whether it is on the disk of the last."""


@given(st.lists(st.tuples(st.sampled_from("ABC"), _starts), max_size=6))
def test_each_goes_back_to_what_it_left_and_nothing_of_that_is_deleted_meanwhile(
    changes: list[tuple[str, list[tuple[int, bool, list[tuple[int, int]]]]]],
) -> None:
    """Whoever starts, stops, and goes on, and when: with objects and manifests deleted as in the bucket."""
    partition = Partition()
    for software, starts in changes:
        for minutes, same_disk, snapshots in starts:
            partition.now += minutes * MINUTE
            if partition.start(software, same_disk):
                deleted = set[str]()
                for number, (apart, kept) in enumerate(snapshots, 1):
                    partition.now += apart * MINUTE
                    partition.snapshot(number, kept, number == 1, deleted)
