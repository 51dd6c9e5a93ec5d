"""What is dropped moves no bound and no memory: what comes after it is used."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from contracts.records import StoredFrame
from dataflows.biosync.signal import drops
from dataflows.biosync.signal.drops import Drops
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.partition import STATE_TTL, PartitionState
from dataflows.biosync.signal.person import Person, encode
from dataflows.biosync.signal.rules import Rules
from tests.dataflows.beats import START, frames, records, series

YEARS = 10 * 365 * 86_400_000
BEATS = series(7, 20)
SENT = frames("ada", BEATS)
Wrong = Callable[[StoredFrame], StoredFrame]


def with_times(move: Callable[[int], int], rr: float = 800.0) -> Wrong:
    return lambda frame: msgspec.structs.replace(
        frame, t=[move(t) for t in frame.t], rr=[rr + i for i in range(len(frame.t))]
    )


WRONG: dict[str, Wrong] = {
    "ten years ahead": with_times(lambda t: t + YEARS),
    "an hour ahead": with_times(lambda t: t + 3_600_000),
    "ten years ago": with_times(lambda t: t - YEARS),
    "at the beginning of Unix time": with_times(lambda _: 0),
    "an artefact a minute ahead": with_times(lambda t: t + 50_000, 5.0),
    "an artefact an hour ago": with_times(lambda t: t - 3_600_000, 9_000.0),
    "the newest beat among others ten years ahead": lambda frame: msgspec.structs.replace(
        frame, t=[*frame.t[:-1], frame.t[-1] + YEARS]
    ),
    "arrival ten years ahead": lambda frame: msgspec.structs.replace(frame, received=frame.received + YEARS),
    "another device, arrival ten years ahead": lambda frame: msgspec.structs.replace(
        frame, device="strap", received=frame.received + YEARS
    ),
    "another device, artefacts": lambda frame: msgspec.structs.replace(frame, device="strap", rr=[0.85] * len(frame.t)),
}


def windows(sent: list[StoredFrame], dropped: Drops | None = None) -> list[Window]:
    person, found = Person(), list[Window]()
    for frame in sent:
        found += person.step(frame, Rules(), dropped)[0]
    return [msgspec.structs.replace(window, dropped=0) for window in found]


@pytest.mark.parametrize("restart", [False, True], ids=["goes on", "restarts its numbers"])
@pytest.mark.parametrize("at", [0, 40], ids=["first", "later"])
@pytest.mark.parametrize("wrong", WRONG)
def test_nothing_after_it_is_lost(wrong: str, at: int, restart: bool) -> None:
    """The frame at `at` is wrong; without it the result must be the same."""
    odd = WRONG[wrong](SENT[at])
    after = SENT[at + 1 :]
    if restart:
        after = [msgspec.structs.replace(frame, seq=i) for i, frame in enumerate(after, 1)]
    found = windows([*SENT[:at], odd, *after])
    missing = "the newest" not in wrong
    truth = windows([*SENT[:at], *([] if missing else [SENT[at]]), *after])
    later = SENT[at].t[-1] + 70_000
    assert [w for w in found if w.at > later] == [w for w in truth if w.at > later]


def test_a_beat_ten_years_ahead_is_counted_and_leaves_the_state_as_it_was() -> None:
    person, dropped = Person(), Drops()
    for frame in SENT[:40]:
        person.step(frame, Rules(), dropped)
    before = encode(person)
    person.step(WRONG["ten years ahead"](SENT[40]), Rules(), dropped)
    assert dropped.reasons == {drops.IRREGULAR: 1, drops.FUTURE: 10}
    person.rolling.unused.clear()
    person.devices["watch"].high -= 1
    assert encode(person) == before


@pytest.mark.parametrize("days", [30, 3_650, -3_650])
def test_a_wrong_clock_expires_nobody_and_nobody_stays_for_ever(days: int) -> None:
    """Arrival and beats of one person are wrong by the same, as from a clock that was never set."""
    state, off = PartitionState("raw", 0, Rules(), {}), days * 86_400_000
    state.step(records([SENT[:40]], at=SENT[39].received))
    state.changes()
    other = [
        msgspec.structs.replace(frame, received=frame.received + off, t=[t + off for t in frame.t])
        for frame in frames("bob", series(3, 1))
    ]
    state.step(records([other], 1, at=SENT[39].received))
    assert state.changes().get("ada", b"") is not None
    state.step(records([SENT[40:]], 2))
    assert state.state("ada")
    later = frames("eve", series(3, 1, start=START + STATE_TTL + 1_500_000))
    state.step(records([later], 3))
    assert state.changes()["ada"] is None


def test_a_wrong_arrival_of_an_earlier_version_expires_nobody() -> None:
    """The state of bob holds an arrival in ten years."""
    old = msgspec.msgpack.encode([START + YEARS])
    state = PartitionState("raw", 0, Rules(), {"bob": old})
    state.step(records([SENT[:40]], at=SENT[39].received))
    assert state.changes()["ada"] is not None


def test_the_arrival_of_a_replayed_frame_makes_nobody_older() -> None:
    state = PartitionState("raw", 0, Rules(), {})
    state.step(records([SENT[1:40]]))
    before = STATE_TTL + 86_400_000
    replayed = msgspec.structs.replace(
        SENT[0], seq=99, received=SENT[0].received - before, t=[t - before for t in SENT[0].t]
    )
    state.step(records([[replayed], frames("bob", series(3, 1, start=SENT[40].t[0]))], 1))
    assert state.changes()["ada"] is not None


def test_a_state_that_cannot_be_read_stops_no_other() -> None:
    whole = PartitionState("raw", 0, Rules(), {})
    whole.step(records([SENT[:40]]))
    states = {user: state for user, state in whole.changes().items() if state is not None}
    resumed = PartitionState("raw", 0, Rules(), {**states, "bob": b"\xc1", "a\0b": states["ada"]})
    assert resumed.discarded == ["bob", "a\0b"]
    changes = resumed.changes()
    assert (changes["bob"], changes["a\0b"]) == (None, None)
    assert resumed.state("ada") == states["ada"]


def test_the_state_of_a_version_before_is_read() -> None:
    """What was added to it since has defaults."""
    old = [START, "watch", {"watch": [3, 7, START, []]}, [START, START - 800, 800.0, [800.0, 810.0]], [START + 10_000]]
    state = msgspec.msgpack.encode(old)
    assert PartitionState("raw", 0, Rules(), {"ada": state}).discarded == []


@pytest.mark.parametrize("subject", ["a\0b", "x" * 256, "a b", ""])
def test_a_frame_of_a_refused_subject_touches_no_state(subject: str) -> None:
    state = PartitionState("raw", 0, Rules(), {})
    output = state.step(records([[msgspec.structs.replace(SENT[0], user=subject), *SENT[:2]]]))
    assert ["subject" in letter.reason for letter in output.dead_letters] == [True]
    assert state.changes().keys() == {"ada"}
    assert output.frames == 2


def test_dropped_beats_are_counted_by_reason_and_with_the_window() -> None:
    person, dropped = Person(), Drops()
    odd = [
        msgspec.structs.replace(SENT[29], device="strap"),
        msgspec.structs.replace(SENT[30], t=[t + YEARS for t in SENT[30].t]),
        msgspec.structs.replace(SENT[31], t=[t - YEARS for t in SENT[31].t]),
        msgspec.structs.replace(SENT[32], rr=[0.85] * 10),
        SENT[29],
        msgspec.structs.replace(SENT[33], t=SENT[28].t, rr=SENT[28].rr),
    ]
    found: list[Window] = []
    for frame in [*SENT[:30], *odd, *SENT[34:]]:
        found += person.step(frame, Rules(), dropped)[0]
    assert dropped.reasons == {
        drops.IRREGULAR: 1,
        drops.FUTURE: 10,
        drops.PAST: 10,
        drops.INTERVAL: 10,
        drops.REPEATED: 10,
        drops.LATE: 10,
        drops.OTHER_DEVICE: 10,
    }
    assert max(window.dropped for window in found[20:]) == 50  # repeats are no loss
    assert found[-1].dropped == 0


def test_the_partition_reports_them() -> None:
    output = PartitionState("raw", 0, Rules(), {}).step(records([[WRONG["ten years ago"](SENT[0]), *SENT[1:3]]]))
    assert output.dropped[drops.PAST] == 10
