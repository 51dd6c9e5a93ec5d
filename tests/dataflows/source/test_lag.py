"""How far behind the reading is told to be."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from dataflows.biosync.source.lag import LagReporter
from tests.dataflows.harness import until

_partitions = iter(range(1000, 2000))


@pytest.fixture
def partition() -> int:
    """One of which nothing was told yet: metrics belong to the process."""
    return next(_partitions)


def told(partition: int, what: str = "records") -> float | None:
    return REGISTRY.get_sample_value(f"biosync_consumer_lag_{what}", {"partition": str(partition)})


def test_the_lag_is_what_lies_behind_that_which_was_read(partition: int) -> None:
    lag = LagReporter(lambda _: 10)
    lag.start_at(partition, 4)
    lag.report(partition, 100)
    assert told(partition) == 6
    lag.advance(partition, 10)
    lag.report(partition, 101)
    assert (told(partition), told(partition, "seconds")) == (0, 0)


def test_what_was_read_before_does_not_count_when_reading_begins_anew(partition: int) -> None:
    lag = LagReporter(lambda _: 120)
    lag.start_at(partition, 90)
    lag.advance(partition, 120)
    lag.start_at(partition, 0)
    lag.report(partition, 100)
    assert told(partition) is None, "before a record is read nobody knows which one is the oldest"
    lag.advance(partition, 101)
    lag.report(partition, 100)
    assert told(partition) == 19


def test_behind_the_last_record_there_may_be_a_marker_that_is_no_record(partition: int) -> None:
    lag = LagReporter(lambda _: 7)
    lag.start_at(partition, 0)
    lag.advance(partition, 7)  # the end, which comes with the records
    lag.advance(partition, 6)
    lag.report(partition, 100)
    assert told(partition) == 0


def test_a_lag_that_cannot_be_told_is_told_as_soon_as_it_can(partition: int) -> None:
    asked: list[int] = []

    def end(partition: int) -> int:
        asked.append(partition)
        if len(asked) == 1:
            raise RuntimeError("the handle is closed")
        return 9

    lag = LagReporter(end)
    lag.start_at(partition, 4)
    lag.start()
    try:
        until(lambda: told(partition) == 5, 20, "the lag after an error")
    finally:
        lag.close()
