"""A raw topic that is deleted and created again: another topic, whose offsets start at 0."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.records import StoredFrame
from local.engines.kafka import Kafka
from tests.dataflows.harness import PARTITIONS, Harness
from tests.dataflows.test_flow import assert_holds, expected, metrics, population, status
from tests.fixtures.engines import Database
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
_names = iter(f"recreated{i}" for i in range(1000))


@pytest.fixture
def harness(kafka: Kafka, postgres: Database, tmp_path: Path) -> Iterator[Harness]:
    name = next(_names)
    harness = Harness(name, kafka.bootstrap, postgres.create(name), tmp_path)
    yield harness
    harness.close()


def wait_for_rows(harness: Harness, sent: list[StoredFrame]) -> None:
    """Wait until the results of these frames are stored."""
    rows = expected(sent)[0]
    until(f"the rows of {len(sent)} frames", lambda: harness.rows().keys() == rows.keys(), 60)


def test_a_running_dataflow_is_not_ready_meanwhile_and_reads_the_new_topic(harness: Harness, kafka: Kafka) -> None:
    sent = population(4)
    third = len(sent) // 3
    harness.start()
    harness.send(sent[:third])
    wait_for_rows(harness, sent[:third])
    # A restarted broker leads its partitions in a later epoch than a new topic starts with: a consumer that keeps the
    # old epoch discards all metadata of the new topic as outdated.
    kafka.stop()
    kafka.ensure()
    harness.send(sent[third : 2 * third])
    wait_for_rows(harness, sent[: 2 * third])  # so the consumer has the later epoch
    harness.delete_raw()
    until("not ready without its topic", lambda: status(harness, "/readyz") == 503, 30)
    assert status(harness, "/healthz") == 200
    harness.create_raw()
    harness.send(sent[2 * third :])
    assert_holds(harness, sent)
    until("ready again", lambda: status(harness, "/readyz") == 200, 30)
    assert set(harness.receiver.requests.values()) == {1}
    assert "topic_replaced" in harness.log.read_text()
    for partition in range(PARTITIONS):
        metric = f'biosync_consumer_lag_records{{partition="{partition}"}} 0.0'
        until(metric, lambda metric=metric: metric in metrics(harness), 20)


def test_a_topic_that_is_deleted_created_and_filled_at_once_is_read_once(harness: Harness) -> None:
    sent = population(4)
    half = len(sent) // 2
    harness.start()
    harness.send(sent[:half])
    wait_for_rows(harness, sent[:half])
    harness.delete_raw()
    harness.create_raw()
    harness.send(sent[half:], 1000)  # fewer records than before: the old offset does not exist
    until("the log of the replaced topic", lambda: "topic_replaced" in harness.log.read_text(), 30)
    frames = f"biosync_frames_total {len(sent)}.0"
    until(f"every frame, and none twice; metrics:\n{metrics(harness)}", lambda: frames in metrics(harness), 30)
    assert_holds(harness, sent)


@pytest.mark.parametrize("size", [2, 1000], ids=["with more records", "with fewer records"])
def test_a_dataflow_that_starts_on_a_new_topic_reads_all_of_it_and_keeps_its_state(harness: Harness, size: int) -> None:
    sent = population(4)
    half = len(sent) // 2
    harness.start()
    harness.send(sent[:half])
    wait_for_rows(harness, sent[:half])
    assert harness.stop(signal.SIGTERM) == 0
    harness.delete_raw()
    harness.create_raw()
    harness.send(sent[half:], size)
    harness.start()
    assert_holds(harness, sent)
    assert "topic_replaced" in harness.log.read_text()


def test_a_dataflow_that_starts_before_its_topic_waits_for_it(harness: Harness) -> None:
    harness.delete_raw()
    harness.start()
    until("the dataflow alive", lambda: status(harness, "/healthz") == 200, 30)
    until("the log of the missing topic", lambda: "topic_unavailable" in harness.log.read_text(), 30)
    assert status(harness, "/readyz") == 503
    harness.create_raw()
    sent = population(2)
    harness.send(sent)
    assert_holds(harness, sent)
    assert status(harness, "/readyz") == 200
