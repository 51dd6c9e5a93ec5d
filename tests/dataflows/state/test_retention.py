"""What a snapshot is made of and what is garbage: nothing that a manifest needs is ever deleted."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflows.biosync.place import Place
from dataflows.biosync.state import retention
from dataflows.biosync.state.manifest import Manifest, Object, Retired, Snapshot

MINUTE = 60_000


def taken(number: int, *names: str, epoch: int = 1) -> Snapshot:
    return Snapshot(epoch, number, Place("t", number, number), number, 1, [Object(name, "", 1) for name in names], None)


@given(st.lists(st.tuples(st.integers(1, 1 << 22), st.floats(0, 1)), max_size=60))
def test_segments_stay_few_and_not_much_larger_than_what_lives(sizes: list[tuple[int, float]]) -> None:
    segments = [(size, int(size * share)) for size, share in sizes]
    count = retention.leaving(segments)
    kept, again = segments[count:], sum(live for _, live in segments[:count])
    assert len(kept) < retention._MOST_SEGMENTS
    live = sum(live for _, live in segments)
    assert sum(size for size, _ in kept) + again <= retention._GROWTH * max(live, retention._LEAST_BYTES)
    assert not kept or kept[0][1], "the oldest has no state that lives"


def test_a_person_who_is_away_is_not_written_again_each_time() -> None:
    """A hundred of whom one is seen: the others stay in their segment for many snapshots."""
    assert retention.leaving([(100_000, 99_000), (1_000, 1_000)]) == 0


def simulated(seed: int) -> None:
    """Writers take snapshots, are killed between the steps, and others go on, with a listing as in the bucket."""
    random_ = random.Random(seed)
    now, stored = 0, dict[str, int]()
    manifests: dict[int, Manifest] = {}
    before: list[tuple[int, Manifest]] = []
    """What the other region may still have: with the time at which it was replaced."""
    for epoch in range(1, 8):
        previous = manifests.get(epoch - 1)
        snapshots, retired = list[Snapshot](), list[Retired]()
        if previous:
            resumed = random_.choice([None, *previous.snapshots])
            snapshots, retired = retention.resumed(previous, resumed, [], now)
        current = manifests[epoch] = Manifest("t", 0, epoch, "w", "p", "i", snapshots, retired)
        deleted = set[str]()
        for number in range(random_.randrange(1, 40)):
            now += MINUTE
            name = f"{epoch:012d}-{number:09d}-000"
            stored[name] = now
            if random_.random() < 0.1:
                break  # killed before the manifest
            base = current.snapshots[0].segments if current.snapshots else []
            kept = [one.name for one in base[random_.randrange(len(base) + 1) :]]
            replaced, current = (
                current,
                retention.following(current, taken(number, *kept, name, epoch=epoch), deleted, now),
            )
            before.append((now, replaced))
            deleted.clear()
            manifests[epoch] = current
            gone = retention.expired(current, now)
            if not number:
                gone += retention.orphans(stored.items(), manifests.values(), epoch, now)
            for one in gone:
                assert one not in needed(current), (seed, epoch, number, one)
                for since, old in before:
                    assert one not in needed(old) or now - since >= retention.GRACE_MS, (seed, one)
                stored.pop(one, None)
                deleted.add(one)
            assert needed(current) <= stored.keys()
    left = len(stored)
    assert left < 300


def needed(manifest: Manifest) -> set[str]:
    return {one.name for snapshot in manifest.snapshots for one in snapshot.objects}


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_deleted_that_a_manifest_of_the_last_quarter_of_an_hour_needs(seed: int) -> None:
    simulated(seed)


def test_what_is_retired_is_deleted_after_its_grace_and_then_forgotten() -> None:
    manifest = Manifest("t", 0, 1, "w", "p", "i", [taken(1, "a"), taken(0, "b")])
    manifest = retention.following(manifest, taken(2, "c"), set(), 0)
    assert [one.object.name for one in manifest.retired] == ["b"]
    assert retention.expired(manifest, retention.GRACE_MS - 1) == []
    assert retention.expired(manifest, retention.GRACE_MS) == ["b"]
    manifest = retention.following(manifest, taken(3, "c"), {"b"}, retention.GRACE_MS)
    assert [one.object.name for one in manifest.retired] == ["a"]


def test_a_snapshot_before_that_is_gone_on_from_is_not_garbage() -> None:
    """What retired it was damaged."""
    before = taken(1, "a")
    manifest = Manifest("t", 0, 1, "w", "p", "i", [taken(2, "b"), before], [Retired(Object("a", "", 1), 0)])
    snapshots, retired = retention.resumed(manifest, before, [], 5)
    assert snapshots == [before]
    assert [one.object.name for one in retired] == ["b"]


def test_orphans_are_old_of_our_epoch_or_before_and_in_no_manifest() -> None:
    manifest = Manifest("t", 0, 2, "w", "p", "i", [taken(1, "000000000002-1")])
    hour = 60 * MINUTE
    listed = [("000000000002-1", 0), ("000000000001-1", 0), ("000000000003-1", 0), ("000000000002-2", hour)]
    assert retention.orphans(listed, [manifest], 2, hour) == ["000000000001-1"]


def test_one_is_due_at_once_and_then_each_period() -> None:
    assert retention.due(5, None, 60)
    assert not retention.due(59, 0, 60)
    assert retention.due(60, 0, 60)
    assert msgspec.json.decode(msgspec.json.encode(taken(1, "a")), type=Snapshot) == taken(1, "a")
