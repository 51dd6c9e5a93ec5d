"""Movement: exercise and its recovery raise nothing, stress during light movement does."""

from __future__ import annotations

import random

import msgspec
import pytest

from contracts.beats import WORKOUT
from contracts.records import StoredFrame, StoredMovement, pack, unpack
from dataflows.biosync.signal.movement import Movement
from dataflows.biosync.signal.person import InvalidFrame, Person, decode, encode
from dataflows.biosync.signal.rules import THRESHOLDS, Rules, StressRules
from dataflows.biosync.signal.stress import RECOVERY
from tests.dataflows.beats import START, frames, series

MINUTE = 60_000
RULES = Rules(stress=StressRules(hrv_drop="ignore", threshold=THRESHOLDS["ignore"]))
BEATS = series(3, 16, [(8, 12)])
Samples = list[tuple[int, float]]


def light(minutes: float, seed: int = 0) -> Samples:
    """A wrist at rest with a gesture each half a minute or so."""
    random_ = random.Random(seed)
    times = range(START, START + round(minutes * MINUTE), 5000)
    return [(t, random_.uniform(2, 8) if random_.random() > 0.2 else random_.uniform(30, 150)) for t in times]


def bicycle(first: float, last: float, seed: int = 0) -> Samples:
    """The hands on a bar, between these minutes of a quiet hour."""
    random_ = random.Random(seed)
    samples = light(16, seed)
    return [(t, random_.uniform(18, 60) if first <= (t - START) / MINUTE < last else min(mg, 8.0)) for t, mg in samples]


def carrying(samples: Samples, activity: str = "", until: float = 16) -> list[StoredFrame]:
    """The frames of BEATS with these samples, each in the frame of its time."""
    carrying: list[StoredFrame] = []
    before = 0
    for frame in frames("ada", BEATS):
        of_it = [(t, mg) for t, mg in samples if before < t <= frame.t[-1]]
        before = frame.t[-1]
        named = activity if (before - START) / MINUTE < until else ""
        movement = StoredMovement([t for t, _ in of_it], [mg for _, mg in of_it], named)
        carrying.append(msgspec.structs.replace(frame, movement=movement))
    return carrying


def raised(stored: list[StoredFrame]) -> list[float]:
    """Minutes at which events are raised."""
    person = Person()
    return [(e.raised - START) / MINUTE for frame in stored for e in person.step(frame, RULES)[1]]


def test_stress_is_noticed_without_movement_and_during_light_movement() -> None:
    assert len(raised(frames("ada", BEATS))) == 1
    assert raised(carrying(light(16))) == raised(frames("ada", BEATS))


@pytest.mark.parametrize("first", [2.0, 5.0])
def test_a_bicycle_raises_nothing_though_the_heart_does_the_same(first: float) -> None:
    assert raised(carrying(bicycle(first, 12))) == []


def test_the_recovery_after_a_ride_raises_nothing() -> None:
    ridden = bicycle(2, 8)
    assert raised(carrying(ridden)) == []
    assert raised(carrying(bicycle(0, 2))) == raised(frames("ada", BEATS))


def test_gestures_are_no_exertion_and_a_ride_is_within_three_minutes() -> None:
    movement = Movement()
    for t, mg in light(16):
        movement.add(t, mg)
    assert not movement.exerted
    began = Movement()
    for t, mg in bicycle(5, 9):
        began.add(t, mg)
        if began.exerted:
            break
    assert START + 5 * MINUTE < began.exerted < START + 8 * MINUTE


def test_samples_count_by_the_time_that_they_stand_for() -> None:
    seldom, often = Movement(), Movement()
    for n in range(100):
        seldom.add(START + n * 5000, 20.0 if n % 3 else 4.0)
        for part in range(5):
            often.add(START + (n - 1) * 5000 + (part + 1) * 1000, 20.0 if n % 3 else 4.0)
    assert often.floor == pytest.approx(seldom.floor, rel=0.05)


def test_a_declared_workout_raises_nothing_until_it_is_over_for_the_recovery() -> None:
    assert raised(carrying([], WORKOUT)) == []
    over = raised(carrying([], WORKOUT, until=4))
    assert len(over) == 1
    assert 4 + RECOVERY / MINUTE < over[0] < 12


def test_a_heart_rate_far_above_rest_is_exercise() -> None:
    beats = [(t, rr) for t, rr in series(5, 8)]
    t = beats[-1][0]
    rate = 65.0
    while t < START + 14 * MINUTE:
        rate = min(150.0, rate + 1.5)
        t += round(60_000 / rate)
        beats.append((t, 60_000 / rate + random.Random(t).uniform(-6, 6)))
    assert raised(frames("ada", beats)) == []


def results(stored: list[StoredFrame]) -> tuple[bytes, bytes]:
    """Rows and events, and the state but for the devices' numbers."""
    person = Person()
    outcomes = [person.step(frame, RULES) for frame in stored]
    found = [*(row for rows, _ in outcomes for row in rows)], [e.raised for _, events in outcomes for e in events]
    state = person.movement, person.stress, person.rolling, person.cleanser
    return msgspec.msgpack.encode(found), msgspec.msgpack.encode(state)


@pytest.mark.parametrize("samples", [light(16), bicycle(3, 9)], ids=["light", "bicycle"])
def test_twice_late_and_out_of_order_change_nothing(samples: Samples) -> None:
    ordered = carrying(samples)
    random_ = random.Random(1)
    shuffled: list[StoredFrame] = []
    for frame in ordered:
        movement = frame.movement
        assert movement is not None
        pairs = list(zip(movement.t, movement.mg, strict=True))
        random_.shuffle(pairs)
        of_it = StoredMovement([t for t, _ in pairs], [mg for _, mg in pairs])
        shuffled.append(msgspec.structs.replace(frame, movement=of_it))
    for at in range(5, len(shuffled) - 1, 9):
        shuffled[at], shuffled[at + 1] = shuffled[at + 1], shuffled[at]
    for at in range(len(shuffled) - 3, 5, -7):
        shuffled.insert(at + 2, shuffled[at])
    assert results(shuffled) == results(ordered)


def test_packing_changes_nothing_where_movement_comes_with_the_beats_of_its_time() -> None:
    whole = carrying(bicycle(3, 9))
    single: list[StoredFrame] = []
    for frame in whole:
        movement = frame.movement
        assert movement is not None
        lines = [(t, rr, None) for t, rr in zip(frame.t, frame.rr, strict=True)]
        lines += [(t, None, mg) for t, mg in zip(movement.t, movement.mg, strict=True)]
        for t, rr, mg in sorted(lines, key=lambda line: (line[0], line[1] is not None)):
            beats = ([t], [rr]) if rr is not None else ([], [])
            of_it = StoredMovement([t], [mg]) if mg is not None else None
            seq = len(single) + 1
            single.append(StoredFrame("ada", "watch", seq, t + 100, frame.trace, *beats, of_it))
    rows, state = results(single)
    expected_rows, expected_state = results(whole)
    assert (rows, state) == (expected_rows, expected_state)


def test_a_state_that_is_kept_and_read_anywhere_gives_the_same() -> None:
    stored = carrying(bicycle(3, 9))
    person, resumed = Person(), Person()
    for frame in stored:
        assert person.step(frame, RULES) == resumed.step(frame, RULES)
        resumed = decode(encode(resumed))
    assert encode(person) == encode(resumed)


def test_a_frame_of_movement_alone_counts_and_closes_no_window() -> None:
    person = Person()
    still = StoredFrame("ada", "watch", 1, START + 100, "", [], [], StoredMovement([START], [40.0]))
    assert person.step(still, RULES) == ([], [])
    assert person.movement.newest == START
    assert person.movement.exerted == START
    assert person.received == START + 100


@pytest.mark.parametrize("mg", [float("nan"), float("inf"), -1.0, 1e9])
def test_an_impossible_movement_moves_nothing(mg: float) -> None:
    person = Person()
    frame = StoredFrame("ada", "watch", 1, START, "", [], [], StoredMovement([START], [mg]))
    person.step(frame, RULES)
    future = StoredFrame("ada", "watch", 2, START, "", [], [], StoredMovement([START + 600_000], [40.0]))
    person.step(future, RULES)
    assert person.movement == Movement()


def test_movement_without_its_times_is_refused() -> None:
    with pytest.raises(InvalidFrame, match="2 times and 1 movements"):
        Person().step(StoredFrame("ada", "watch", 1, START, "", [], [], StoredMovement([1, 2], [1.0])), RULES)


def test_records_and_states_of_before_are_read() -> None:
    frame = frames("ada", BEATS)[0]
    fields = msgspec.msgpack.decode(pack([frame]))[0]
    assert fields[-1] is None
    assert unpack(msgspec.msgpack.encode([fields[:-1]])) == [frame]
    person = Person()
    for each in frames("ada", BEATS[:200]):
        person.step(each, RULES)
    state = msgspec.msgpack.decode(encode(person))
    del state[-1]
    del state[-1][-3:]
    assert decode(msgspec.msgpack.encode(state)).movement == Movement()


def test_a_clock_that_is_set_back_forgets_the_exertion_of_the_future() -> None:
    person = Person()
    for frame in carrying(bicycle(0, 16)):
        person.step(frame, RULES)
    assert person.movement.exerted
    back = [(t - 3_600_000, rr) for t, rr in BEATS[:20]]
    for frame in frames("ada", back, first=len(frames("ada", BEATS)) + 1):
        person.step(frame, RULES)
    assert not person.movement.exerted
