"""A raw topic that is deleted and made again: a new one, whose offsets begin at 0."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.engines.kafka import Kafka
from tests.dataflows.stage import PARTITIONS, Stage, until
from tests.dataflows.test_flow import assert_holds, crowd, expected, metrics, status
from tests.fixtures.engines import Database

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
_names = iter(f"recreated{i}" for i in range(1000))


@pytest.fixture
def stage(kafka: Kafka, postgres: Database, tmp_path: Path) -> Iterator[Stage]:
    name = next(_names)
    made = Stage(name, kafka.bootstrap, postgres.create(name), tmp_path)
    yield made
    made.close()


def test_a_running_dataflow_is_unready_meanwhile_and_reads_the_new_topic(stage: Stage, kafka: Kafka) -> None:
    sent = crowd(4)
    half = len(sent) // 2
    stage.start()
    stage.send(sent[:half])
    rows = expected(sent[:half])[0]
    until(lambda: stage.rows().keys() == rows.keys(), 60, "the rows of the first half")
    # A broker that was restarted leads its partitions in a later epoch than a new topic begins with: a consumer that
    # goes on believing in the old epoch takes everything it hears of the new topic for outdated.
    kafka.stop()
    kafka.ensure()
    until(lambda: status(stage, "/readyz") == 200, 60, "ready with the broker back")
    stage.delete_raw()
    until(lambda: status(stage, "/readyz") == 503, 30, "unready without its topic")
    assert status(stage, "/healthz") == 200
    stage.make_raw()
    stage.send(sent[half:])
    assert_holds(stage, sent)
    until(lambda: status(stage, "/readyz") == 200, 30, "ready again")
    assert set(stage.receiver.requests.values()) == {1}
    assert "topic_replaced" in stage.log.read_text()
    for partition in range(PARTITIONS):
        wanted = f'biosync_consumer_lag_records{{partition="{partition}"}} 0.0'
        until(lambda wanted=wanted: wanted in metrics(stage), 20, wanted)


@pytest.mark.parametrize("size", [2, 1000], ids=["with more records", "with fewer records"])
def test_a_dataflow_that_starts_on_a_new_topic_reads_all_of_it_and_keeps_what_it_knew(stage: Stage, size: int) -> None:
    sent = crowd(4)
    half = len(sent) // 2
    stage.start()
    stage.send(sent[:half])
    rows = expected(sent[:half])[0]
    until(lambda: stage.rows().keys() == rows.keys(), 60, "the rows of the first half")
    assert stage.end(signal.SIGTERM) == 0
    stage.delete_raw()
    stage.make_raw()
    stage.send(sent[half:], size)
    stage.start()
    assert_holds(stage, sent)
    assert "topic_replaced" in stage.log.read_text()


def test_a_dataflow_that_starts_before_its_topic_waits_for_it(stage: Stage) -> None:
    stage.delete_raw()
    stage.start()
    until(lambda: status(stage, "/healthz") == 200, 30, "the dataflow well")
    until(lambda: "topic_away" in stage.log.read_text(), 30, "that the topic is away")
    assert status(stage, "/readyz") == 503
    stage.make_raw()
    sent = crowd(2)
    stage.send(sent)
    assert_holds(stage, sent)
    assert status(stage, "/readyz") == 200
