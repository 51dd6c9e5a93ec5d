"""When a consumer counts as stalled."""

from __future__ import annotations

import pytest

from dataflows.biosync.source.stall import STALL_SECONDS, StallDetector


@pytest.fixture
def detector() -> StallDetector:
    return StallDetector()


def test_a_partition_that_stays_behind_is_stalled_and_others_are_not(detector: StallDetector) -> None:
    ends = {0: 10, 1: 10, 2: 10}
    assert detector.stalled(ends, {0: 4, 1: 10, 2: 4, 3: 0}, 100) == []
    assert detector.stalled(ends, {0: 4, 1: 10, 2: 5, 3: 0}, 100 + STALL_SECONDS - 0.1) == []
    assert detector.stalled(ends, {0: 4, 1: 10, 2: 5, 3: 0}, 100 + STALL_SECONDS) == [0]


def test_one_that_reads_is_not_stalled_however_far_behind_it_is(detector: StallDetector) -> None:
    for second in range(100):
        assert detector.stalled({0: 10_000}, {0: second}, second) == []


@pytest.mark.parametrize("between", [{}, {1: 10}], ids=["Kafka did not answer", "its leader did not answer"])
def test_time_without_an_answer_does_not_count(detector: StallDetector, between: dict[int, int]) -> None:
    assert detector.stalled({0: 10}, {0: 4}, 0) == []
    assert detector.stalled(between, {0: 4}, 10) == []
    assert detector.stalled({0: 10}, {0: 4}, STALL_SECONDS + 5) == []


def test_each_stall_doubles_the_patience_until_all_is_read(detector: StallDetector) -> None:
    def seconds_until_stalled(start: float) -> float:
        now = start
        while not detector.stalled({0: 10}, {0: 4}, now):
            now += 1
        return now - start

    assert [seconds_until_stalled(start) for start in (0, 1000, 2000)] == [
        STALL_SECONDS,
        2 * STALL_SECONDS,
        4 * STALL_SECONDS,
    ]
    assert detector.stalled({0: 10}, {0: 10}, 3000) == []
    assert seconds_until_stalled(4000) == STALL_SECONDS
