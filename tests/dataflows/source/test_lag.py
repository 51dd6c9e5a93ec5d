"""The reported consumer lag."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import pytest
from confluent_kafka import KafkaError, KafkaException
from prometheus_client import REGISTRY

from dataflows.biosync.source.lag import LagReporter
from tests.fixtures.waiting import until

_partitions = iter(range(1000, 2000))


@pytest.fixture
def partition() -> int:
    """A partition without metrics so far: metrics belong to the process."""
    return next(_partitions)


def ending_at(offset: int) -> Callable[[Collection[int]], Mapping[int, int]]:
    return lambda partitions: dict.fromkeys(partitions, offset)


def reported(partition: int, unit: str = "records") -> float | None:
    return REGISTRY.get_sample_value(f"biosync_consumer_lag_{unit}", {"partition": str(partition)})


def test_the_lag_is_the_number_of_records_behind_the_position(partition: int) -> None:
    reporter = LagReporter(ending_at(10))
    reporter.start_at(partition, 4)
    reporter.report(100)
    assert reported(partition) == 6
    reporter.advance(partition, 10)
    reporter.report(101)
    assert (reported(partition), reported(partition, "seconds")) == (0, 0)


def test_a_new_start_discards_the_earlier_position(partition: int) -> None:
    reporter = LagReporter(ending_at(120))
    reporter.start_at(partition, 90)
    reporter.advance(partition, 120)
    reporter.start_at(partition, 0)
    reporter.report(100)
    assert reported(partition) is None, "the oldest offset is unknown before a record is read"
    reporter.advance(partition, 101)
    reporter.report(100)
    assert reported(partition) == 19


def test_a_control_record_at_the_end_does_not_count(partition: int) -> None:
    reporter = LagReporter(ending_at(7))
    reporter.start_at(partition, 0)
    reporter.advance(partition, 7)  # the end of the partition, reported before the records are taken
    reporter.advance(partition, 6)
    reporter.report(100)
    assert reported(partition) == 0


def test_an_error_does_not_stop_the_reports(partition: int) -> None:
    calls: list[Collection[int]] = []

    def ends(partitions: Collection[int]) -> dict[int, int]:
        calls.append(partitions)
        if len(calls) == 1:
            raise RuntimeError("the handle is closed")
        return dict.fromkeys(partitions, 9)

    reporter = LagReporter(ends)
    reporter.start_at(partition, 4)
    reporter.start()
    try:
        until("the lag after an error", lambda: reported(partition) == 5, 20)
    finally:
        reporter.close()


def test_a_partition_that_was_given_up_is_not_reported_any_more(partition: int) -> None:
    reporter = LagReporter(ending_at(10))
    reporter.start_at(partition, 4)
    reporter.report(100)
    reporter.forget(partition)
    reporter.report(101)
    assert (reported(partition), reported(partition, "seconds")) == (None, None)


def test_one_that_is_given_up_during_its_report_is_not_reported(partition: int) -> None:
    class Forgotten(dict[int, int]):
        """Given up right after its position was read."""

        def get(self, key: int, default: int | None = None) -> int | None:  # pyright: ignore[reportIncompatibleMethodOverride]
            found = super().get(key, default)
            reporter.forget(partition)
            return found

    reporter = LagReporter(ending_at(10))
    reporter.start_at(partition, 4)
    reporter._position = Forgotten(reporter._position)
    reporter.report(100)
    assert (reported(partition), reported(partition, "seconds")) == (None, None)


def test_while_kafka_does_not_answer_the_seconds_of_a_partition_that_is_behind_grow(partition: int) -> None:
    answers = [{partition: 10}]

    def ends(_: Collection[int]) -> dict[int, int]:
        if not answers:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))
        return answers.pop()

    reporter = LagReporter(ends)
    reporter.start_at(partition, 10)
    reporter.report(100)
    reporter.start_at(partition, 4)
    reporter.report(130)
    assert (reported(partition), reported(partition, "seconds"), reporter.ends) == (6, 30, {})
