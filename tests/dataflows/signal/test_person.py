"""One person's frames: any packing, duplicates, reordering, gaps, clocks and devices."""

from __future__ import annotations

import itertools
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.beats import MAX_FUTURE_MS, MAX_PAST_MS
from contracts.records import StoredFrame, StressEvent
from dataflows.biosync.signal import order
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.person import (
    DEVICE_TIMEOUT,
    InvalidFrame,
    Person,
    decode,
    encode,
    event_id,
)
from dataflows.biosync.signal.rules import VERSION, Rules, StressRules
from dataflows.biosync.tools.offline import compute_beats
from tests.dataflows.beats import START, Beat, frames, series

RULES = Rules(stress=StressRules(hrv_drop="ignore"))
BEATS = series(7, 16, [(8, 12)])
Results = tuple[list[Window], list[StressEvent]]


def run(given_: list[StoredFrame], person: Person | None = None) -> Results:
    person = person or Person()
    windows: list[Window] = []
    events: list[StressEvent] = []
    for frame in given_:
        more, raised = person.step(frame, RULES)
        windows += more
        events += raised
    return windows, events


def without_arrival(results: Results) -> tuple[list[Window], list[tuple[str, int]]]:
    """Windows and events without what depends on the frames (arrival, and what was dropped)."""
    windows = [msgspec.structs.replace(window, dropped=0) for window in results[0]]
    return windows, [(event.event_id, event.raised) for event in results[1]]


PLAIN = run(frames("ada", BEATS))


def test_the_synthesised_beats_raise_one_event_in_their_stress() -> None:
    windows, events = PLAIN
    assert len(events) == 1
    assert 8 * 60_000 < events[0].raised - START < 12 * 60_000
    assert len(windows) == pytest.approx(16 * 6, abs=3)


def test_an_event_contains_its_evidence() -> None:
    event = PLAIN[1][0]
    evidence = event.evidence
    assert evidence.heart_rate > evidence.baseline_heart_rate + 5
    assert evidence.rmssd is not None and evidence.baseline_rmssd is not None
    assert evidence.rmssd < evidence.baseline_rmssd
    assert evidence.score >= evidence.threshold
    assert 0.9 < evidence.quality <= 1
    assert (evidence.rule, evidence.version) == ("ignore", VERSION)
    assert event.event_id == event_id("ada", event.raised)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1))
def test_packing_beats_into_frames_of_any_size_changes_nothing(sizes: list[int]) -> None:
    cut: list[StoredFrame] = []
    at, seq = 0, 0
    while at < len(BEATS):
        size = sizes[seq % len(sizes)]
        seq += 1
        cut += frames("ada", BEATS[at : at + size], size, first=seq)
        at += size
    assert without_arrival(run(cut)) == without_arrival(PLAIN)


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_duplicates_and_reordering_within_bounds_change_nothing(random_: random.Random) -> None:
    sent = frames("ada", BEATS)
    mixed: list[StoredFrame] = []
    at = 0
    while at < len(sent):
        # a few neighbours in any order, arriving together; the first frame sets the first number
        size = 1 if at == 0 else random_.randint(1, 4)
        group = sent[at : at + size]
        arrived = group[-1].received
        random_.shuffle(group)
        mixed += [msgspec.structs.replace(frame, received=arrived) for frame in group]
        at += size
        if random_.random() < 0.3:
            back = random_.randint(1, 40)
            mixed += sent[max(0, at - back) : at]
    assert without_arrival(run(mixed)) == without_arrival(PLAIN)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, len(BEATS) // 10), max_size=5))
def test_encoding_and_decoding_the_state_anywhere_changes_nothing(cuts: list[int]) -> None:
    sent = frames("ada", BEATS)
    person, at = Person(), 0
    windows: list[Window] = []
    events: list[StressEvent] = []
    for cut in [*sorted(cuts), len(sent)]:
        more, raised = run(sent[at:cut], person)
        windows += more
        events += raised
        person = decode(encode(person))
        at = cut
    assert (windows, events) == PLAIN


def test_reading_the_topic_from_the_start_again_adds_nothing() -> None:
    sent = frames("ada", BEATS)
    person = Person()
    assert run(sent, person) == PLAIN
    assert run(sent, person) == ([], [])


def test_duplicates_under_new_numbers_would_be_counted() -> None:
    """The test above would be worthless if duplicates made no difference by themselves."""
    once = frames("ada", BEATS[:200])
    renumbered = frames("ada", BEATS[:200], first=len(once) + 1)
    assert len(run(once + renumbered)[0]) > 1.5 * len(run(once)[0])


def test_a_missing_frame_delays_the_others_only_within_bounds() -> None:
    sent = frames("ada", BEATS)
    lost = sent[:30] + sent[31:]
    person = Person()
    run(lost[:30], person)
    held = 0
    while person.devices["watch"].high < 32:
        run([lost[30 + held]], person)
        held += 1
        assert held <= order.MAX_HELD + 1
    results = run(lost)
    assert {w.at for w in results[0]} == {w.at for w in PLAIN[0]}
    assert len(results[1]) == 1


def test_beats_from_the_future_are_dropped() -> None:
    sent = frames("ada", BEATS)
    wrong = StoredFrame("ada", "watch", 31, sent[29].received, "", [sent[29].received + MAX_FUTURE_MS + 1], [800.0])
    shifted = [msgspec.structs.replace(frame, seq=frame.seq + 1) for frame in sent[30:]]
    assert without_arrival(run([*sent[:30], wrong, *shifted])) == without_arrival(PLAIN)


def test_beats_of_more_than_a_day_ago_are_dropped() -> None:
    sent = frames("ada", BEATS)
    arrived = sent[29].received
    old = StoredFrame(
        "ada", "watch", 31, arrived, "", [arrived - MAX_PAST_MS - 2, arrived - MAX_PAST_MS - 1], [800.0, 800.0]
    )
    shifted = [msgspec.structs.replace(frame, seq=frame.seq + 1) for frame in sent[30:]]
    assert without_arrival(run([*sent[:30], old, *shifted])) == without_arrival(PLAIN)


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_samples_in_any_order_within_their_frames_change_nothing(random_: random.Random) -> None:
    mixed: list[StoredFrame] = []
    for frame in frames("ada", BEATS):
        samples = list(zip(frame.t, frame.rr, strict=True))
        random_.shuffle(samples)
        t, rr = zip(*samples, strict=True)
        mixed.append(msgspec.structs.replace(frame, t=list(t), rr=list(rr)))
    assert without_arrival(run(mixed)) == without_arrival(PLAIN)


def test_a_frame_that_arrives_after_the_hold_changes_nothing() -> None:
    sent = frames("ada", BEATS)
    without = sent[:30] + sent[31:]
    for behind in (order.MAX_HELD + 2, order.SEEN_BITS + 10):
        late = [*without[: 30 + behind], sent[30], *without[30 + behind :]]
        assert without_arrival(run(late)) == without_arrival(run(without))


def test_a_clock_that_jumps_ahead_and_back_loses_only_the_beats_until_time_has_caught_up() -> None:
    jump = 40_000
    sent = frames("ada", BEATS)
    ahead = [msgspec.structs.replace(frame, t=[t + jump for t in frame.t]) for frame in sent[20:30]]
    windows, events = run(sent[:20] + ahead + sent[30:])
    passed = ahead[-1].t[-1] + jump
    # a beat that is late by less than it lasts is used, a second later at most, and time is caught up with slowly
    assert [w for w in windows if w.at > passed + 120_000] == [w for w in PLAIN[0] if w.at > passed + 120_000]
    assert len(events) == 1
    assert all(w.hr is None or 50 < w.hr < 110 for w in windows)


def test_through_a_silence_the_baselines_stay_and_windows_without_beats_are_not_written() -> None:
    silence = 20 * 60_000
    later: list[Beat] = [(t + silence, rr) for t, rr in BEATS[400:]]
    windows, events = run(frames("ada", [*BEATS[:400], *later]))
    quiet = [w.at for w in windows if BEATS[399][0] + 70_000 < w.at < later[0][0]]
    assert quiet == []
    assert [event.raised - silence for event in events] == pytest.approx([PLAIN[1][0].raised], abs=30_000)


def test_a_device_that_restarts_its_numbering_is_followed() -> None:
    sent = frames("ada", BEATS)
    restarted = [msgspec.structs.replace(frame, seq=i) for i, frame in enumerate(sent[50:], 1)]
    assert without_arrival(run(sent[:50] + restarted)) == without_arrival(PLAIN)


def test_a_clock_that_is_set_back_resets_the_timeline_and_keeps_the_baselines() -> None:
    hour = 3_600_000
    early: list[Beat] = [(t - hour, rr) for t, rr in BEATS[300:]]
    sent = frames("ada", BEATS[:300]) + [
        msgspec.structs.replace(frame, received=frame.received + hour) for frame in frames("ada", early, first=31)
    ]
    windows, events = run(sent)
    assert len(events) == 1
    assert events[0].raised == PLAIN[1][0].raised - hour
    assert windows[-1].at == PLAIN[0][-1].at - hour


def test_a_second_device_is_ignored_until_the_first_is_silent() -> None:
    both = sorted(
        frames("ada", BEATS) + frames("ada", BEATS, device="strap"), key=lambda f: (f.received, -len(f.device))
    )
    assert without_arrival(run(both)) == without_arrival(PLAIN)
    silent = BEATS[300][0] + DEVICE_TIMEOUT + 1000
    handed_over = [beat for beat in BEATS if beat[0] > silent]
    windows, _ = run(frames("ada", BEATS[:300]) + frames("ada", handed_over, device="strap"))
    assert windows[-1].at == PLAIN[0][-1].at


def test_an_inconsistent_frame_is_rejected_and_changes_nothing() -> None:
    person = Person()
    run(frames("ada", BEATS[:50]), person)
    before = encode(person)
    for t, rr in (([START], []), ([], [800.0]), ([START, START + 1], [800.0])):
        with pytest.raises(InvalidFrame, match="interval"):
            person.step(StoredFrame("ada", "watch", 99, START, "", t, rr), RULES)
    assert encode(person) == before


@pytest.mark.parametrize("refused", [{0}, {30}, {30, 31, 32}, set(range(20, 40)), {len(BEATS) // 10 - 1}])
def test_nothing_is_held_for_a_frame_that_was_refused(refused: set[int]) -> None:
    """Ingest stores its place without beats: each other frame gives its windows as it comes."""
    sent = frames("ada", BEATS)
    place = [msgspec.structs.replace(frame, t=[], rr=[]) if i in refused else frame for i, frame in enumerate(sent)]
    person, renumbered = Person(), Person()
    for i, frame in enumerate(place):
        found = person.step(frame, RULES)
        if i not in refused:
            before = sum(each < i for each in refused)
            assert found == renumbered.step(msgspec.structs.replace(frame, seq=frame.seq - before), RULES)
    assert person.devices["watch"].held == []
    assert person.received == renumbered.received
    assert encode(person.rolling) == encode(renumbered.rolling)  # pyright: ignore[reportArgumentType]


def test_state_is_bounded() -> None:
    person = Person()
    for i in range(40):
        start = START + i * 3_600_000
        run(frames("ada", series(i, 20, [(8, 12)], start), device=f"d{i}"), person)
    assert len(encode(person)) < 1500


def test_nothing_is_raised_before_three_minutes_of_usable_beats() -> None:
    calm, wild = series(3, 2, start=START), series(4, 10, [(0, 10)], start=START + 120_000)
    _, events = compute_beats("ada", calm + wild, RULES)
    assert all(event.raised >= START + 180_000 for event in events)


def test_events_respect_the_refractory_period() -> None:
    _, events = compute_beats(
        "ada", series(5, 40, [(6, 36)]), Rules(stress=StressRules(hrv_drop="ignore", threshold=1))
    )
    assert len(events) >= 2
    moments = [event.raised for event in events]
    assert all(b - a >= 300_000 for a, b in itertools.pairwise(moments))


def test_the_gate_requires_a_drop_of_rmssd() -> None:
    """Heart rate rises, variability with it: gate raises no event, ignore does."""
    rising: list[Beat] = []
    t = START
    random_ = random.Random(2)
    for i in range(900):
        rate, swing = (65, 5) if i < 550 else (90, 45)
        rr = 60_000 / rate + random_.uniform(-swing, swing)
        t += round(rr)
        rising.append((t, rr))
    assert compute_beats("ada", rising, Rules(stress=StressRules(hrv_drop="ignore")))[1]
    assert not compute_beats("ada", rising, Rules(stress=StressRules(hrv_drop="gate")))[1]
