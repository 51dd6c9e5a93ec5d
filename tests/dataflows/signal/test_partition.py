"""The states of a partition: poison records, resuming, and expiry."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.records import StoredFrame, pack, unpack
from dataflows.biosync.signal import partition
from dataflows.biosync.signal.drops import Drops
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.partition import Output, PartitionState
from dataflows.biosync.signal.person import Person
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.tools.offline import compute_frames
from tests.dataflows.beats import START, frames, series

RULES = Rules()
SENT = sorted(
    (frame for i in range(5) for frame in frames(f"user-{i}", series(i, 6))), key=lambda frame: frame.received
)
VALUES = [pack(SENT[i : i + 7]) for i in range(0, len(SENT), 7)]


def create(states: dict[str, bytes] | None = None) -> PartitionState:
    return PartitionState("raw", 3, RULES, states or {})


def test_rows_are_those_of_the_offline_computation() -> None:
    output = create().step(list(enumerate(VALUES)))
    assert output.frames == len(SENT)
    assert output.beats == sum(len(frame.t) for frame in SENT)
    got = {(user, row.at): row for user, row in output.rows}
    assert got == {(user, row.at): row for user, (rows, _) in compute_frames(SENT, RULES).items() for row in rows}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, len(VALUES)), max_size=4))
def test_resuming_from_the_changes_gives_the_same(cuts: list[int]) -> None:
    whole = create().step(list(enumerate(VALUES)))
    states: dict[str, bytes] = {}
    rows: list[object] = []
    at = 0
    for cut in [*sorted(cuts), len(VALUES)]:
        state = create(states)
        for offset in range(at, cut):
            rows += state.step([(offset, VALUES[offset])]).rows
        states |= {user: encoded for user, encoded in state.changes().items() if encoded is not None}
        at = cut
    assert rows == whole.rows


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_packing_duplicates_and_reordering_change_nothing(
    random_: random.Random,
) -> None:
    whole = create().step(list(enumerate(VALUES)))
    assert whole.rows
    values = [pack(SENT[:5])]  # the first frame of each user, where its numbers start
    at = 5
    while at < len(SENT):
        group = SENT[
            at : at + random_.randint(1, 12)
        ]  # up to three neighbouring frames of each user, arriving together
        at += len(group)
        arrived = group[-1].received
        random_.shuffle(group)
        values.append(pack([msgspec.structs.replace(frame, received=arrived) for frame in group]))
        if random_.random() < 0.2:
            values += values[-random_.randint(1, 3) :]
    mixed = create().step(list(enumerate(values)))
    assert sorted(mixed.rows, key=_key) == sorted(whole.rows, key=_key)
    assert {event.event_id for event in mixed.events} == {event.event_id for event in whole.events}
    assert not mixed.dead_letters


def _key(row: tuple[str, Window]) -> tuple[str, int]:
    return row[0], row[1].at


@pytest.mark.parametrize("poison", [b"", b"\xc1", b"{}", msgspec.msgpack.encode([[1, 2]]), VALUES[0][:-1]])
def test_a_poison_record_becomes_a_dead_letter_with_position_and_reason(poison: bytes) -> None:
    output = create().step([(7, VALUES[0]), (8, poison), (9, VALUES[1])])
    (letter,) = output.dead_letters
    assert (letter.topic, letter.partition, letter.offset, letter.value) == ("raw", 3, 8, poison)
    assert letter.reason
    assert output.frames == 14


def test_only_the_invalid_frame_of_a_record_becomes_a_dead_letter() -> None:
    bad = StoredFrame("user-0", "watch", 99, START, "", [START], [])
    output = create().step([(7, pack([*SENT[:3], bad, *SENT[3:5]]))])
    assert [unpack(letter.value) for letter in output.dead_letters] == [[bad]]
    assert output.frames == 6


@pytest.mark.parametrize("text", [b"\xed\xa0\x80", b"\xff\xfe\xfd"], ids=["lone surrogate", "no UTF-8"])
def test_a_text_that_is_not_utf_8_takes_only_its_own_frame_along(text: bytes) -> None:
    odd = pack([msgspec.structs.replace(SENT[0], user="a~b")]).replace(b"a~b", text)
    output = create().step([(7, b"\x93" + pack([SENT[0]])[1:] + odd[1:] + pack([SENT[1]])[1:]), (8, odd)])
    assert [letter.value for letter in output.dead_letters] == [odd, odd]
    assert output.frames == 2
    assert all("utf-8" in letter.reason for letter in output.dead_letters)


def test_a_frame_that_makes_the_computation_fail_becomes_a_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: Person, frame: StoredFrame, _rules: Rules, _dropped: Drops) -> None:
        raise ZeroDivisionError(frame.user)

    monkeypatch.setattr(Person, "step", fail)
    output: Output = create().step([(7, pack(SENT[:2]))])
    assert [letter.reason.split(": ")[1] for letter in output.dead_letters] == ["ZeroDivisionError"] * 2


def test_a_state_without_frames_for_a_week_expires() -> None:
    state = create()
    state.step([(0, pack(frames("absent", series(1, 1))))])
    assert state.changes().keys() == {"absent"}
    later = series(2, 1, start=START + partition.STATE_TTL + 120_000)
    state.step([(1, pack(frames("present", later)))])
    changes = state.changes()
    assert changes["absent"] is None
    assert isinstance(changes["present"], bytes)
