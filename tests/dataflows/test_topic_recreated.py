"""A raw topic that is deleted and made again: a new one, whose offsets begin at 0."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.records import StoredFrame
from local.engines.kafka import Kafka
from tests.dataflows.harness import PARTITIONS, Harness, until
from tests.dataflows.test_flow import assert_holds, expected, metrics, population, status
from tests.fixtures.engines import Database

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
_names = iter(f"recreated{i}" for i in range(1000))


@pytest.fixture
def stage(kafka: Kafka, postgres: Database, tmp_path: Path) -> Iterator[Harness]:
    name = next(_names)
    made = Harness(name, kafka.bootstrap, postgres.create(name), tmp_path)
    yield made
    made.close()


def wait_for_rows(stage: Harness, sent: list[StoredFrame]) -> None:
    """Waits until what these frames give is stored."""
    rows = expected(sent)[0]
    until(lambda: stage.rows().keys() == rows.keys(), 60, f"the rows of {len(sent)} frames")


def test_a_running_dataflow_is_unready_meanwhile_and_reads_the_new_topic(stage: Harness, kafka: Kafka) -> None:
    sent = population(4)
    third = len(sent) // 3
    stage.start()
    stage.send(sent[:third])
    wait_for_rows(stage, sent[:third])
    # A broker that was restarted leads its partitions in a later epoch than a new topic begins with: a consumer that
    # goes on believing in the old epoch takes everything it hears of the new topic for outdated.
    kafka.stop()
    kafka.ensure()
    stage.send(sent[third : 2 * third])
    wait_for_rows(stage, sent[: 2 * third])  # so the consumer knows of the later epoch
    stage.delete_raw()
    until(lambda: status(stage, "/readyz") == 503, 30, "unready without its topic")
    assert status(stage, "/healthz") == 200
    stage.make_raw()
    stage.send(sent[2 * third :])
    assert_holds(stage, sent)
    until(lambda: status(stage, "/readyz") == 200, 30, "ready again")
    assert set(stage.receiver.requests.values()) == {1}
    assert "topic_replaced" in stage.log.read_text()
    for partition in range(PARTITIONS):
        wanted = f'biosync_consumer_lag_records{{partition="{partition}"}} 0.0'
        until(lambda wanted=wanted: wanted in metrics(stage), 20, wanted)


def test_a_topic_that_is_deleted_made_and_filled_at_once_is_read_once(stage: Harness) -> None:
    sent = population(4)
    half = len(sent) // 2
    stage.start()
    stage.send(sent[:half])
    wait_for_rows(stage, sent[:half])
    stage.delete_raw()
    stage.make_raw()
    stage.send(sent[half:], 1000)  # fewer records than before: what is read on is not there
    until(lambda: "topic_replaced" in stage.log.read_text(), 30, "that the topic is another one")
    frames = f"biosync_frames_total {len(sent)}.0"
    until(lambda: frames in metrics(stage), 30, f"every frame, and none twice; it said:\n{metrics(stage)}")
    assert_holds(stage, sent)


@pytest.mark.parametrize("size", [2, 1000], ids=["with more records", "with fewer records"])
def test_a_dataflow_that_starts_on_a_new_topic_reads_all_of_it_and_keeps_what_it_knew(
    stage: Harness, size: int
) -> None:
    sent = population(4)
    half = len(sent) // 2
    stage.start()
    stage.send(sent[:half])
    wait_for_rows(stage, sent[:half])
    assert stage.end(signal.SIGTERM) == 0
    stage.delete_raw()
    stage.make_raw()
    stage.send(sent[half:], size)
    stage.start()
    assert_holds(stage, sent)
    assert "topic_replaced" in stage.log.read_text()


def test_a_dataflow_that_starts_before_its_topic_waits_for_it(stage: Harness) -> None:
    stage.delete_raw()
    stage.start()
    until(lambda: status(stage, "/healthz") == 200, 30, "the dataflow well")
    until(lambda: "topic_away" in stage.log.read_text(), 30, "that the topic is away")
    assert status(stage, "/readyz") == 503
    stage.make_raw()
    sent = population(2)
    stage.send(sent)
    assert_holds(stage, sent)
    assert status(stage, "/readyz") == 200
