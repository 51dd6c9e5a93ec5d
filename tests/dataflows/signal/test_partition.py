"""The states of a partition: poison records, resuming, and expiry."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.records import Erasure, StoredFrame, pack, unpack
from dataflows.biosync.signal import partition
from dataflows.biosync.signal.drops import Drops
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.partition import Output, PartitionState
from dataflows.biosync.signal.person import Person
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.tools.offline import compute_frames
from tests.dataflows.beats import AT, START, frames, records, series

RULES = Rules()
SENT = sorted(
    (frame for i in range(5) for frame in frames(f"user-{i}", series(i, 6))), key=lambda frame: frame.received
)
VALUES = [pack(SENT[i : i + 7]) for i in range(0, len(SENT), 7)]


def create(states: dict[str, bytes] | None = None) -> PartitionState:
    return PartitionState("raw", 3, RULES, states or {})


def test_rows_are_those_of_the_offline_computation() -> None:
    output = create().step(records(VALUES))
    assert output.frames == len(SENT)
    assert output.beats == sum(len(frame.t) for frame in SENT)
    got = {(user, row.at): row for user, row in output.rows}
    assert got == {(user, row.at): row for user, (rows, _) in compute_frames(SENT, RULES).items() for row in rows}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, len(VALUES)), max_size=4))
def test_resuming_from_the_changes_gives_the_same(cuts: list[int]) -> None:
    whole = create().step(records(VALUES))
    states: dict[str, bytes] = {}
    rows: list[object] = []
    at = 0
    for cut in [*sorted(cuts), len(VALUES)]:
        state = create(states)
        for offset in range(at, cut):
            rows += state.step(records([VALUES[offset]], offset)).rows
        states |= {user: encoded for user, encoded in state.changes().items() if encoded is not None}
        at = cut
    assert rows == whole.rows


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_packing_duplicates_and_reordering_change_nothing(
    random_: random.Random,
) -> None:
    whole = create().step(records(VALUES))
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
    mixed = create().step(records(values))
    assert sorted(mixed.rows, key=_key) == sorted(whole.rows, key=_key)
    assert {event.event_id for event in mixed.events} == {event.event_id for event in whole.events}
    assert not mixed.dead_letters


def _key(row: tuple[str, Window]) -> tuple[str, int]:
    return row[0], row[1].at


DEEP = b"\x91\x98" + pack([SENT[0]])[2:] + b"\x91" * 100_000 + b"\x90"
"""A frame with one more member, a hundred thousand lists in each other."""
POISON = [b"", b"\xc1", b"{}", msgspec.msgpack.encode([[1, 2]]), VALUES[0][:-1], DEEP]


@pytest.mark.parametrize("poison", POISON, ids=["empty", "reserved", "text", "numbers", "cut off", "nested"])
def test_a_poison_record_becomes_a_dead_letter_with_position_and_reason(poison: bytes) -> None:
    output = create().step(records([VALUES[0], poison, VALUES[1]], 7))
    (letter,) = output.dead_letters
    assert (letter.topic, letter.partition, letter.offset, letter.value) == ("raw", 3, 8, poison)
    assert letter.reason
    assert output.frames == 14


def test_only_the_invalid_frame_of_a_record_becomes_a_dead_letter() -> None:
    bad = StoredFrame("user-0", "watch", 99, START, "", [START], [])
    output = create().step(records([[*SENT[:3], bad, *SENT[3:5]]]))
    assert [unpack(letter.value) for letter in output.dead_letters] == [[bad]]
    assert output.frames == 6


@pytest.mark.parametrize("text", [b"\xed\xa0\x80", b"\xff\xfe\xfd"], ids=["lone surrogate", "no UTF-8"])
def test_a_text_that_is_not_utf_8_takes_only_its_own_frame_along(text: bytes) -> None:
    odd = pack([msgspec.structs.replace(SENT[0], user="a~b")]).replace(b"a~b", text)
    output = create().step(records([b"\x93" + pack([SENT[0]])[1:] + odd[1:] + pack([SENT[1]])[1:], odd]))
    assert [letter.value for letter in output.dead_letters] == [odd, odd]
    assert output.frames == 2
    assert all("utf-8" in letter.reason for letter in output.dead_letters)


def test_a_frame_that_makes_the_computation_fail_becomes_a_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: Person, frame: StoredFrame, _rules: Rules, _dropped: Drops) -> None:
        raise ZeroDivisionError(frame.user)

    monkeypatch.setattr(Person, "step", fail)
    output: Output = create().step(records([SENT[:2]]))
    assert [letter.reason.split(": ")[1] for letter in output.dead_letters] == ["ZeroDivisionError"] * 2


def test_a_state_without_frames_for_a_week_expires() -> None:
    state = create()
    state.step(records([frames("absent", series(1, 1))]))
    assert state.changes().keys() == {"absent"}
    later = series(2, 1, start=START + partition.STATE_TTL + 120_000)
    state.step(records([frames("present", later)], 1))
    changes = state.changes()
    assert changes["absent"] is None
    assert isinstance(changes["present"], bytes)


def test_an_erasure_deletes_what_is_kept_of_the_person_and_of_nobody_else() -> None:
    first, second = SENT[0].user, SENT[1].user
    state = create()
    state.step(records(VALUES))
    kept = state.changes()
    for erased in (first, "nobody"):
        output = state.step(records([pack(Erasure(erased, SENT[-1].received + 1))]))
        assert not output.dead_letters
    assert state.changes() == {first: None}
    assert state.state(second) == kept[second]


def test_a_state_that_is_erased_before_it_was_written_is_not_written() -> None:
    state = create()
    state.step(records([SENT[:1]]))
    state.step(records([pack(Erasure(SENT[0].user, SENT[0].received + 1))]))
    assert state.changes() == {SENT[0].user: None}


def test_who_sent_frames_after_the_end_of_their_account_is_kept() -> None:
    state = create()
    state.step(records([SENT[:1]]))
    state.step(records([pack(Erasure(SENT[0].user, SENT[0].received))]))
    assert isinstance(state.changes()[SENT[0].user], bytes)


def test_who_comes_back_begins_anew() -> None:
    again, state = create(), create()
    state.step(records(VALUES))
    user = SENT[0].user
    state.step(records([pack(Erasure(user, SENT[-1].received + 1))]))
    later = frames(user, series(9, 3, start=START + 3_600_000))
    assert state.step(records([later])).rows == again.step(records([later])).rows
    assert state.state(user) == again.state(user)


FAR = 2**64 - 6
EXTREME = {
    "arrival beyond 64 bits": {"received": 2**64 - 1, "t": [FAR]},
    "arrival and beat in the year 9999": {"received": 253_402_300_799_000, "t": [253_402_300_798_000]},
    "arrival an hour and more ahead": {"received": AT + partition.MAX_AHEAD + 1},
    "arrival before 1970": {"received": -(2**63), "t": [-(2**63)]},
}


@pytest.mark.parametrize("name", EXTREME)
def test_a_frame_with_a_wrong_arrival_is_a_dead_letter_and_touches_nothing(name: str) -> None:
    frame = StoredFrame("ada", "watch", 1, START, "", [START], [800.0])
    odd = msgspec.structs.replace(frame, **EXTREME[name])
    state, plain = create(), create()
    sent = frames("ada", series(1, 6))
    output = state.step(records([sent[:20], [odd, *sent[20:]]]))
    (letter,) = output.dead_letters
    assert (letter.offset, unpack(letter.value)) == (1, [odd])
    assert f"received is {odd.received}" in letter.reason
    assert output.rows == plain.step(records([sent[:20], sent[20:]])).rows
    assert state.changes() == plain.changes()


def test_numbers_at_the_ends_of_64_bits_end_no_worker() -> None:
    numbers = [-(2**63), -1, 0, 2**63, 2**64 - 1, AT]
    odd = [
        StoredFrame(f"{seq}/{received}/{t}", "watch", seq, received, "", [t], [rr])
        for seq in numbers
        for received in numbers
        for t in numbers
        for rr in (800.0, float("inf"), float("nan"))
    ]
    state = create()
    for _ in range(2):
        state.step(records([odd]))
        state.changes()
        for frame in odd:
            frame.seq = (frame.seq + 2) % 2**64


def test_a_state_that_cannot_be_kept_ends_no_worker() -> None:
    state = create()
    state.step(records([SENT[:20]]))
    state.changes()
    state._persons["user-1"].stress.raised = 2**70
    state.step(records([SENT[20:30]], 1))
    changes = state.changes()
    assert state.discarded == ["user-1"]
    assert changes["user-1"] is None
    assert isinstance(changes["user-2"], bytes)
    state.step(records([SENT[30:40]], 2))
    assert isinstance(state.changes()["user-1"], bytes)
