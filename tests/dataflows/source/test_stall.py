"""When a consumer counts as stalled."""

from __future__ import annotations

import pytest

from dataflows.biosync.source.stall import LONGEST_SECONDS, STALL_SECONDS, StallDetector


@pytest.fixture
def detector() -> StallDetector:
    return StallDetector()


def test_a_partition_that_stays_behind_is_stalled_and_others_are_not(detector: StallDetector) -> None:
    ends = {0: 10, 1: 10, 2: 10}
    for second in range(int(STALL_SECONDS)):
        assert detector.stalled(ends, {0: 4, 1: 10, 2: second % 10, 3: 0}, 100 + second) == []
    assert detector.stalled(ends, {0: 4, 1: 10, 2: 9, 3: 0}, 100 + STALL_SECONDS) == [0]


def test_one_that_reads_is_not_stalled_however_far_behind_it_is(detector: StallDetector) -> None:
    for second in range(100):
        assert detector.stalled({0: 10_000}, {0: second}, second) == []


@pytest.mark.parametrize("between", [{}, {1: 10}], ids=["Kafka did not answer", "its leader did not answer"])
def test_time_without_an_answer_does_not_count(detector: StallDetector, between: dict[int, int]) -> None:
    for second in range(int(STALL_SECONDS)):
        assert detector.stalled({0: 10} if second != 10 else between, {0: 4}, second) == []
    assert detector.stalled({0: 10}, {0: 4}, STALL_SECONDS) == []


def test_time_in_which_nothing_was_fetched_does_not_count(detector: StallDetector) -> None:
    assert detector.stalled({0: 10}, {0: 4}, 0) == []
    assert detector.stalled({0: 10}, {0: 4}, 2 * STALL_SECONDS) == []


def test_each_stall_doubles_the_patience_until_all_is_read(detector: StallDetector) -> None:
    def seconds_until_stalled(start: float) -> float:
        now = start
        while not detector.stalled({0: 10}, {0: 4}, now):
            now += 1
        return now - start

    waits = [seconds_until_stalled(start) for start in range(0, 6000, 1000)]
    assert waits == [STALL_SECONDS * times for times in (1, 2, 4, 8, 16)] + [LONGEST_SECONDS]
    assert detector.stalled({}, {0: 4}, 7000) == []
    assert detector.stalled({0: 10, 1: 5}, {1: 5}, 7001) == [], "the other one is not assigned yet"
    assert seconds_until_stalled(8000) == LONGEST_SECONDS
    assert detector.stalled({0: 10}, {0: 10}, 9000) == []
    assert seconds_until_stalled(10_000) == STALL_SECONDS
