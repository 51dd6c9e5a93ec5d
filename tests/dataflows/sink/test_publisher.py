"""Publishing to a real Kafka: records that it rejects are kept, and do not block others."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec
import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from structlog.testing import capture_logs

from contracts.records import DEAD_LETTER_BYTES, DEAD_VALUE_BYTES, DeadLetter
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.sink.buffer import Buffer
from dataflows.biosync.sink.publisher import ProducerRecord, Publisher
from local.engines.kafka import Kafka
from tests.dataflows.harness import dead_topic, until
from tests.fixtures.producers import capture_producers, trigger_fatal_error

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


class Publishing:
    """A running publisher and its buffer."""

    def __init__(self, kafka: Kafka) -> None:
        self.shutdown = Shutdown()
        self.buffer: Buffer[str, ProducerRecord] = Buffer(1000, self.shutdown)
        self.admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
        Publisher(kafka.bootstrap, self.buffer, self.shutdown).start()

    def create(self, topic: str) -> None:
        self.admin.create_topics([NewTopic(topic, 1)])[topic].result(20)

    def delete(self, topic: str) -> None:
        self.admin.delete_topics([topic])[topic].result(20)
        until(lambda: topic not in self.admin.list_topics(timeout=20).topics, 20, "the topic deleted")

    def put(self, topic: str, key: str, value: bytes = b"{}") -> None:
        self.buffer.put(0, {key: ProducerRecord(topic, key, value)})

    def unwritten(self) -> set[str]:
        return set(self.buffer.contents(0))


@pytest.fixture
def publishing(kafka: Kafka) -> Iterator[Publishing]:
    publishing = Publishing(kafka)
    yield publishing
    publishing.shutdown.finish()


def test_a_record_that_is_too_large_is_kept_and_others_are_sent(publishing: Publishing) -> None:
    publishing.create("publisher-large")
    publishing.put("publisher-large", "large", b"x" * (DEAD_LETTER_BYTES + 1))
    publishing.put("publisher-large", "short")
    until(lambda: publishing.unwritten() == {"large"}, 30, "the short one sent")
    publishing.put("publisher-large", "later")
    until(lambda: publishing.unwritten() == {"large"}, 30, "the later one sent")


def test_the_largest_dead_letter_fits_into_its_topic(publishing: Publishing) -> None:
    publishing.admin.create_topics([dead_topic("publisher-dead")])["publisher-dead"].result(20)
    value = random.Random(1).randbytes(3 * DEAD_VALUE_BYTES)  # not compressible
    dead = DeadLetter("raw", 3, 7, "could not be unpacked", value).truncated()
    publishing.put("publisher-dead", dead.key, msgspec.msgpack.encode(dead))
    until(lambda: not publishing.unwritten(), 30, "the dead letter sent")
    assert dead.reason.endswith("; of its 3,145,728 bytes only the first 1,048,576 are kept here")


def test_a_producer_with_a_fatal_error_is_replaced(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    producers = capture_producers(monkeypatch, "dataflows.biosync.sink.publisher.Producer")
    publishing = Publishing(kafka)
    publishing.create("publisher-fatal")
    publishing.put("publisher-fatal", "before")
    until(lambda: not publishing.unwritten(), 30, "the first one sent")
    trigger_fatal_error(producers[0])
    publishing.put("publisher-fatal", "after")
    until(lambda: not publishing.unwritten(), 30, "the one after it sent")
    publishing.shutdown.finish()


def test_records_for_a_deleted_topic_are_kept_until_it_is_created_again(publishing: Publishing) -> None:
    publishing.create("publisher-deleted")
    publishing.put("publisher-deleted", "before")
    until(lambda: not publishing.unwritten(), 30, "the first one sent")
    publishing.delete("publisher-deleted")
    with capture_logs() as logs:
        publishing.put("publisher-deleted", "meanwhile")
        until(lambda: any(log["code"] == "_UNKNOWN_TOPIC" for log in logs), 60, "the error that the topic is unknown")
    publishing.create("publisher-other")
    publishing.put("publisher-other", "elsewhere")
    until(lambda: publishing.unwritten() == {"meanwhile"}, 30, "the one for another topic sent")
    publishing.create("publisher-deleted")
    until(lambda: not publishing.unwritten(), 60, "the kept one sent")
