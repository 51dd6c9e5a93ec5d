"""Where a state comes from: never from one behind which the topic misses records, unless there never was another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from dataflows.biosync.place import MARGIN_MS, Place
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
from dataflows.biosync.state.manifest import Foreign, Manifest, Object, Snapshot

SECOND = 1000


def place(offset: int, topic: str = "west") -> Place:
    """A record a second."""
    return Place(topic, offset, 1_000_000_000 + offset * SECOND)


def snapshot(epoch: int, number: int, offset: int, topic: str = "west") -> Snapshot:
    name = f"{epoch}-{number}"
    return Snapshot(epoch, number, place(offset, topic), 0, 1, [Object(name, "", 1)], None)


def manifest(epoch: int, *snapshots: Snapshot) -> Manifest:
    return Manifest("raw", 0, epoch, "writer", "pod", "image", list(snapshots))


def planned(
    manifests: Sequence[Manifest | Foreign], log: Local | None, damaged: Mapping[str, str], bounds: Bounds | None
) -> Plan:
    """Of the software that wrote the newest."""
    return choose(manifests, log, damaged, bounds, "image", 0)


NEWEST, BEFORE = snapshot(3, 2, 200), snapshot(3, 1, 100)
MANIFESTS = [manifest(3, NEWEST, BEFORE), manifest(2, snapshot(2, 9, 50))]
WHOLE_TOPIC = Bounds("west", 0, 300, place(0).at)


def test_the_local_log_is_used_when_nobody_went_on_elsewhere() -> None:
    assert planned(MANIFESTS, Local(3, place(250)), {}, None) == FromLocal()
    assert planned([], Local(0, place(250)), {}, None) == FromLocal()
    assert planned([manifest(1)], Local(1, place(250)), {}, None) == FromLocal()


def test_a_local_log_of_another_epoch_or_from_before_the_snapshot_is_outdated() -> None:
    for epoch, offset, why in [
        (2, 250, "of epoch 2"),
        (4, 250, "of epoch 4"),
        (0, 250, "of epoch 0"),
        (3, 199, "ends"),
    ]:
        plan = planned(MANIFESTS, Local(epoch, place(offset)), {}, None)
        assert isinstance(plan, FromSnapshot) and plan.snapshot == NEWEST and why in plan.why


def test_without_any_state_the_topic_has_it() -> None:
    assert isinstance(planned([], None, {}, None), FromTopic)
    damaged = planned([], Local(0, place(0), "cut off"), {}, None)
    assert isinstance(damaged, FromTopic) and "cut off" in damaged.why
    assert isinstance(planned([manifest(4)], None, {}, None), FromTopic)


def test_a_manifest_of_other_software_is_refused_whatever_else_there_is() -> None:
    foreign = [Foreign(4, "version 2"), *MANIFESTS]
    for local in (None, Local(4, place(250)), Local(3, place(250))):
        plan = planned(foreign, local, {}, WHOLE_TOPIC)
        assert isinstance(plan, Refused) and "version 2" in plan.why


def test_the_snapshot_before_is_used_only_when_the_topic_has_every_record_since() -> None:
    damaged = {NEWEST.name: "3-2 is missing"}
    assert planned(MANIFESTS, None, damaged, None) == AskTopic()
    for bounds, safe in [
        (Bounds("west", 100, 300, place(100).at), True),
        (Bounds("west", 101, 300, place(101).at), False),
        (Bounds("west", 0, 99, place(0).at), False),
        (Bounds("east", 7, 9, place(100).at - MARGIN_MS), True),
        (Bounds("east", 7, 9, place(100).at - MARGIN_MS + 1), False),
        (Bounds("east", 0, 9, place(100).at), False),
        (Bounds("east", 0, 0, None), False),
    ]:
        plan = planned(MANIFESTS, None, damaged, bounds)
        assert isinstance(plan, FromSnapshot if safe else Refused | FromTopic), bounds
        assert "3-2 is missing" in (plan.why if not isinstance(plan, FromLocal | AskTopic) else "")


def test_when_all_snapshots_are_damaged_a_topic_that_never_lost_a_record_has_the_state() -> None:
    damaged = {"3-2": "a", "3-1": "b", "2-9": "c"}
    assert isinstance(planned(MANIFESTS, None, damaged, WHOLE_TOPIC), FromTopic)
    assert isinstance(planned(MANIFESTS, None, damaged, Bounds("west", 1, 300, place(1).at)), Refused)
    assert isinstance(planned(MANIFESTS, None, damaged, Bounds("east", 0, 300, place(0).at)), Refused)
    assert isinstance(planned(MANIFESTS, None, damaged, Bounds("west", 0, 9, place(0).at)), Refused), "made anew"


def bounds() -> st.SearchStrategy[Bounds]:
    return st.builds(
        lambda topic, low, count: Bounds(topic, low, low + count, place(low).at if count else None),
        st.sampled_from(["west", "east"]),
        st.integers(0, 400),
        st.integers(0, 400),
    )


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 400), st.sampled_from(["west", "east"])), max_size=5),
    st.none() | st.builds(Local, st.integers(0, 5), st.integers(0, 400).map(place), st.sampled_from(["", "damaged"])),
    st.sets(st.integers(0, 5)),
    st.none() | bounds(),
)
def test_no_plan_skips_records_nor_steps_behind_what_is_whole(
    taken: list[tuple[int, int, str]], local: Local | None, bad: set[int], found: Bounds | None
) -> None:
    epochs = sorted({epoch for epoch, _, _ in taken}, reverse=True)
    by_epoch = {
        epoch: [snapshot(epoch, i, offset, topic) for i, (of, offset, topic) in enumerate(taken) if of == epoch]
        for epoch in epochs
    }
    manifests = [manifest(epoch, *by_epoch[epoch]) for epoch in epochs]
    ordered = [one for epoch in epochs for one in by_epoch[epoch]]
    damaged = {one.name: "bad" for i, one in enumerate(ordered) if i in bad}
    plan = planned(manifests, local, damaged, found)
    match plan:
        case FromLocal():
            assert local and not local.damage and (not epochs or local.epoch == epochs[0])
            assert not ordered or ordered[0].place.topic != "west" or ordered[0].place.offset <= local.place.offset
        case FromSnapshot(used):
            assert used.name not in damaged
            if used is not ordered[0]:
                assert found and all(one.name in damaged for one in ordered[: ordered.index(used)])
                if found.topic == used.place.topic:
                    assert found.low <= used.place.offset <= found.high
                else:
                    assert found.oldest is not None and found.oldest < used.place.at
        case FromTopic():
            assert len(damaged) == len(ordered)
            assert not ordered or (found and found.low == 0 and found.topic == ordered[0].place.topic)
            assert not ordered or (found and found.high >= ordered[0].place.offset)
        case AskTopic():
            assert found is None and ordered and ordered[0].name in damaged
        case Refused():
            assert found is not None and ordered and ordered[0].name in damaged


def test_a_plan_is_always_reached_with_one_look_at_the_topic() -> None:
    assert not isinstance(planned(MANIFESTS, None, {NEWEST.name: "x"}, WHOLE_TOPIC), AskTopic)
