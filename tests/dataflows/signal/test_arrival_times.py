"""Beats whose times are those of their arrival, not their own: the intervals are believed."""

from __future__ import annotations

import random
from bisect import bisect_left
from statistics import median

import pytest

from contracts.records import StoredFrame, StressEvent
from dataflows.biosync.signal.cleanse import Cleanser
from dataflows.biosync.signal.drops import Drops
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.moments import MAX_LEAD, spread
from dataflows.biosync.signal.rules import CleanseRules, Rules
from dataflows.biosync.tools.offline import compute_frames
from tests.dataflows.beats import START, Beat, frames, series

BEATS = series(7, 18, [(10, 14)])


def computed(sent: list[StoredFrame]) -> tuple[list[Window], list[StressEvent]]:
    """By the gate, which needs RMSSD."""
    return compute_frames(sent, Rules())["ada"]


EXACT = computed(frames("ada", BEATS))


def notified(sizes: list[int], jitter: float = 0.0, apart: int = 0) -> list[Beat]:
    """The beats as an app gets them: some at a time, at the time of the last of them and up to `jitter` ms later, and
    stamped when they are read, `apart` ms from each other."""
    random_ = random.Random(1)
    sent: list[Beat] = []
    at = 0
    while at < len(BEATS):
        some = BEATS[at : at + random_.choice(sizes)]
        at += len(some)
        arrival = some[-1][0] + round(random_.uniform(0, jitter))
        sent += [(arrival + i * apart, rr) for i, (_, rr) in enumerate(some)]
    return sent


def assert_like_exact(sent: list[StoredFrame], within: float = 0.1) -> None:
    windows, events = computed(sent)
    exact = {window.at: window for window in EXACT[0]}
    pairs = [(window, exact[window.at]) for window in windows[6:] if window.at in exact]
    assert len(pairs) > 0.9 * len(exact)
    assert all(window.rmssd is not None for window, _ in pairs)
    assert median(abs(w.rmssd / e.rmssd - 1) for w, e in pairs if w.rmssd and e.rmssd) < within
    assert median(abs(w.hr / e.hr - 1) for w, e in pairs if w.hr and e.hr) < 0.02
    assert min(window.quality for window, _ in pairs) > 0.8
    assert [event.raised for event in events] == pytest.approx([EXACT[1][0].raised], abs=30_000)


def test_exact_times_raise_one_event_by_the_gate() -> None:
    assert len(EXACT[1]) == 1


@pytest.mark.parametrize("size", [1, 7, 10, 60])
@pytest.mark.parametrize("sizes", [[2], [3], [9], [1, 2, 3], [4, 9]])
def test_several_beats_with_one_time_are_spread_in_frames_of_any_size(sizes: list[int], size: int) -> None:
    # with a beat a frame nothing tells the first notification of several beats from a gap
    assert_like_exact(frames("ada", notified(sizes), size), 0.15)


def test_a_frame_whose_beats_all_have_one_time_is_spread() -> None:
    sent = [
        StoredFrame(f.user, f.device, f.seq, f.received, f.trace, [f.t[-1]] * len(f.t), f.rr)
        for f in frames("ada", BEATS)
    ]
    windows, events = computed(sent)
    exact = {window.at: window for window in EXACT[0]}
    for window in windows[2:]:
        assert window.rmssd == pytest.approx(exact[window.at].rmssd, rel=1e-3)
    assert [event.raised for event in events] == pytest.approx([EXACT[1][0].raised], abs=2)


@pytest.mark.parametrize("size", [1, 10])
@pytest.mark.parametrize("jitter", [150, 300, 500])
def test_times_of_arrival_with_jitter_keep_the_differences(jitter: int, size: int) -> None:
    assert_like_exact(frames("ada", notified([1], jitter), size), 0.2)
    assert_like_exact(frames("ada", notified([1, 2], jitter), size), 0.2)


def test_beats_stamped_one_after_the_other_as_they_are_read_are_spread() -> None:
    assert_like_exact(frames("ada", notified([3], apart=2)))
    assert_like_exact(frames("ada", notified([9], jitter=100, apart=5)))


def test_the_order_of_intervals_with_one_time_is_kept() -> None:
    person = [StoredFrame("ada", "watch", 1, START, "", [START, START - 900, START], [850.0, 700.0, 800.0])]
    assert [rr for _, rr in zip(*_sorted(person[0]), strict=True)] == [700.0, 850.0, 800.0]


def _sorted(frame: StoredFrame) -> tuple[list[int], list[float]]:
    from dataflows.biosync.signal.person import _in_order

    ordered = _in_order(frame)
    return ordered.t, ordered.rr


def test_a_frame_that_holds_each_beat_twice_counts_it_once() -> None:
    twice: list[Beat] = [beat for beat in BEATS for _ in range(2)]
    windows, _ = computed(frames("ada", twice, 20))
    later = {window.at: window for window in EXACT[0][8:]}
    assert [(w.at, w.beats) for w in windows if w.at in later] == [
        (at, pytest.approx(w.beats, abs=1)) for at, w in later.items()
    ]


def test_a_missing_beat_still_interrupts_the_differences() -> None:
    missing = [beat for i, beat in enumerate(BEATS[:200]) if i != 100]
    cleansed = Cleanser().cleanse([t for t, _ in missing], [rr for _, rr in missing], CleanseRules(), Drops())
    assert cleansed[bisect_left([t for t, _, _ in cleansed], BEATS[101][0])][2] is None


def test_times_that_fit_the_intervals_are_never_moved() -> None:
    times, intervals = [t for t, _ in BEATS], [rr for _, rr in BEATS]
    assert spread(times, intervals, 300, 2000) == times


def test_the_lead_is_bounded() -> None:
    """Beats that come faster than their intervals allow, without end, are late at last."""
    cleanser, dropped = Cleanser(), Drops()
    for i in range(200):
        cleanser.cleanse([START + 100 * i], [800.0 + i % 7], CleanseRules(), dropped)
        assert cleanser.newest - (START + 100 * i) <= MAX_LEAD
    assert dropped.reasons["late"] > 100
