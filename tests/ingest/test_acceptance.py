"""Which beats of a frame are stored, and what a client is told about the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.beats import MAX_FUTURE_MS, MAX_MOTION_MG, MAX_PAST_MS, MAX_RR_MS, MIN_RR_MS
from contracts.records import StoredMovement
from contracts.stream import DropReason, Frame, Motion, Sample
from services.ingest.acceptance import movement, refuse, refuse_movement, sort_out, storable
from services.ingest.messages import Refused, decode

NOW = 1_767_225_600_123
HOUR_MS = 3_600_000
times = st.one_of(
    st.integers(NOW - 2 * MAX_PAST_MS, NOW + 2 * MAX_FUTURE_MS),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([NOW - MAX_PAST_MS, NOW + MAX_FUTURE_MS]),
)
intervals = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([MIN_RR_MS, MAX_RR_MS]))


@given(st.lists(st.tuples(times, intervals), min_size=1, max_size=20))
def test_every_beat_is_stored_or_counted_and_the_quick_check_agrees(beats: list[tuple[int, float]]) -> None:
    t, rr = [at for at, _ in beats], [interval for _, interval in beats]
    kept_t, kept_rr, dropped = sort_out(t, rr, NOW)
    good = [
        (at, interval)
        for at, interval in beats
        if NOW - MAX_PAST_MS <= at <= NOW + MAX_FUTURE_MS and MIN_RR_MS <= interval <= MAX_RR_MS
    ]
    assert list(zip(kept_t, kept_rr, strict=True)) == good
    assert len(good) + sum(dropped.values()) == len(beats)
    assert dropped.keys() <= {reason.value for reason in DropReason}
    assert storable(t, rr, NOW) == (not dropped)
    if not good:
        refusal, reason = refuse(3, t, rr, NOW)
        assert refusal.seq == 3
        assert dropped[reason] == max(dropped.values())
        assert refusal.expected


def test_a_beat_with_two_faults_is_counted_once() -> None:
    assert sort_out([NOW - 2 * MAX_PAST_MS, NOW], [0.8, 800], NOW) == ([NOW], [800], {"too_old": 1})


@pytest.mark.parametrize(
    ("t", "rr", "error", "expected"),
    [
        (NOW // 1000, 800, f"t is {NOW // 1000}, which looks like seconds", "Unix milliseconds"),
        (NOW * 1000, 800, "looks like microseconds", "Unix milliseconds"),
        (NOW * 1_000_000, 800, "looks like nanoseconds", "Unix milliseconds"),
        (NOW + HOUR_MS, 800, "3,600 s after its arrival", "60 s after arrival"),
        (NOW + 5 * HOUR_MS + HOUR_MS // 2, 800, "looks like local time", "60 s after arrival"),
        (NOW - 10 * 24 * HOUR_MS, 800, "864,000 s before its arrival", "24 h before"),
        (NOW + 10 * 365 * 24 * HOUR_MS, 800, "s after its arrival", "60 s after arrival"),
        (-(2**63), 800, "before its arrival", "Unix milliseconds"),
        (NOW, 0.85, "rr is 0.85, which looks like seconds", "milliseconds, 200 to 5000"),
        (NOW, 850_000, "rr is 850000, which looks like microseconds", "milliseconds"),
        (NOW, 0, "rr is 0", "milliseconds"),
        (NOW, -800, "rr is -800", "milliseconds"),
    ],
)
def test_a_refusal_names_the_unit_or_the_distance(t: int, rr: float, error: str, expected: str) -> None:
    refusal, _ = refuse(1, [t, t], [rr, rr], NOW)
    assert error in refusal.error
    assert expected in refusal.expected


def test_a_clock_that_is_ahead_by_no_zone_is_not_called_local_time() -> None:
    refusal, reason = refuse(1, [NOW + HOUR_MS + 400_000], [800], NOW)
    assert "local time" not in refusal.error
    assert reason is DropReason.IN_FUTURE


def test_movement_is_stored_or_counted_and_none_costs_nothing() -> None:
    dropped: dict[str, int] = {}
    assert movement(Frame("watch", 1, [Sample(NOW, 800.0)]), NOW, dropped) is None
    motion = [
        Motion(NOW, 6.5),
        Motion(NOW, MAX_MOTION_MG + 1),
        Motion(NOW, -1.0),
        Motion(NOW - 2 * MAX_PAST_MS, 6.5),
        Motion(NOW + 2 * MAX_FUTURE_MS, 6.5),
    ]
    stored = movement(Frame("watch", 1, [], motion, "workout"), NOW, dropped)
    assert stored == StoredMovement([NOW], [6.5], "workout")
    assert dropped == {"motion_out_of_range": 2, "too_old": 1, "in_future": 1}


@pytest.mark.parametrize(
    ("sample", "error", "reason"),
    [
        (Motion(NOW, 1e9), "motion_mg is 1000000000", DropReason.MOTION_OUT_OF_RANGE),
        (Motion(NOW // 1000, 6.5), "looks like seconds", DropReason.TOO_OLD),
    ],
)
def test_a_frame_of_movement_alone_is_refused_with_the_reason(sample: Motion, error: str, reason: DropReason) -> None:
    refusal, found = refuse_movement(7, [sample], NOW)
    assert error in refusal.error
    assert (refusal.seq, found) == (7, reason)
    assert refusal.expected


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (b'{"device":"w","seq":1,"samples":[]}', "motion"),
        (b'{"device":"w","seq":1,"samples":[{"t":1,"rr":800}],"activity":"chess"}', "chess"),
        (b'{"device":"w","seq":1,"samples":[],"motion":[{"t":1,"motion_mg":"6"}]}', "motion"),
    ],
)
def test_a_frame_with_a_wrong_movement_is_refused(message: bytes, error: str) -> None:
    refused = decode(message)
    assert isinstance(refused, Refused)
    assert error in refused.refusal.error
    assert refused.device == "w"


def test_a_frame_may_have_movement_alone() -> None:
    frame = decode(b'{"device":"w","seq":1,"samples":[],"motion":[{"t":1,"motion_mg":6}],"activity":"workout"}')
    assert frame == Frame("w", 1, [], [Motion(1, 6.0)], "workout")
