"""Which offset at the source is which at the target: no group skips a record that was copied."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from local.engines.kafka.replicator.places import MOST_RUNS, Places, offset_of, origin
from local.engines.kafka.replicator.plan import Plan

steps = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=300)
"""By how much the offsets at both sides grow from record to record: compacted and foreign records leave gaps."""


@given(steps)
def test_a_group_goes_on_with_the_first_record_that_it_has_not_read(grown: list[tuple[int, int]]) -> None:
    places, source, target = Places(), 0, 0
    pairs: list[tuple[int, int]] = []
    for of_source, of_target in grown:
        source, target = source + of_source, target + of_target
        places.copied(source, target)
        pairs.append((source, target))
    first = places.runs[0][0]
    for committed in range(source + 2):
        unread = [at_target for at_source, at_target in pairs if at_source >= max(committed, first)]
        read = [at_target for at_source, at_target in pairs if first <= at_source < committed]
        found = places.translated(committed)
        assert found is not None
        assert found <= min(unread, default=places.end)
        assert not read or found > max(read)
    assert len(places.runs) <= MOST_RUNS
    assert Places.load(places.dump()) == places


def test_without_a_copied_record_no_offset_is_known() -> None:
    places = Places()
    places.passed(7)
    assert (places.translated(3), places.position) == (None, 8)


def test_only_records_of_the_same_place_are_recognised() -> None:
    header = origin("west", "beats", 2, 41)
    assert offset_of(header, "west", "beats", 2) == 41
    others = [(header, "east", "beats", 2), (header, "west", "other", 2), (header, "west", "beats", 1)]
    assert [offset_of(*other) for other in others] == [None, None, None]
    assert [offset_of(text, "west", "beats", 2) for text in (None, b"", b"{}", b"\xff", b"[1]")] == [None] * 5


def test_a_plan_is_read_as_it_was_written_and_copies_no_internal_topic() -> None:
    plan = Plan("id", {"a": "b"}, {}, "west", (".*",), ("private-.*",), ("g.*",))
    assert Plan.parse(plan.text()) == plan
    wanted = {"beats": True, "private-x": False, "__consumer_offsets": False, plan.positions_topic: False}
    assert {topic: plan.copies(topic) for topic in wanted} == wanted
    assert (plan.follows("g1"), plan.follows("h")) == (True, False)
