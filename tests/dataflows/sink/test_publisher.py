"""Publishing to a real Kafka: records that it refuses do not block others, and none is lost."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec
import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from structlog.testing import capture_logs

from contracts.connections import kafka_client
from contracts.records import DEAD_VALUE_BYTES, DeadLetter
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.sink import health
from dataflows.biosync.sink.buffer import Buffer
from dataflows.biosync.sink.publisher import Publisher
from dataflows.biosync.sink.rejections import ProducerRecord, Rejections
from local.engines.kafka import Kafka
from tests.dataflows.harness import dead_topic
from tests.fixtures.producers import capture_producers, trigger_fatal_error
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


class Publishing:
    """A running publisher and its buffer."""

    def __init__(self, kafka: Kafka) -> None:
        self.bootstrap = kafka.bootstrap
        self.shutdown = Shutdown()
        self.buffer: Buffer[str, ProducerRecord] = Buffer(1000, self.shutdown)
        self.admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
        self.rejections = Rejections("raw", "publisher-refused", self.buffer)
        self.publisher = Publisher(kafka_client(kafka.bootstrap), self.buffer, self.rejections, self.shutdown)
        self.publisher.start()

    def create(self, topic: str) -> None:
        self.admin.create_topics([NewTopic(topic, 1)])[topic].result(20)

    def delete(self, topic: str) -> None:
        self.admin.delete_topics([topic])[topic].result(20)
        until("the topic deleted", lambda: topic not in self.admin.list_topics(timeout=20).topics, 20)

    def put(self, topic: str, key: str, value: bytes = b"{}") -> None:
        self.buffer.put(0, {key: ProducerRecord(topic, key, value)})

    def unwritten(self) -> set[str]:
        return set(self.buffer.contents(0))


@pytest.fixture
def publishing(kafka: Kafka) -> Iterator[Publishing]:
    publishing = Publishing(kafka)
    yield publishing
    publishing.shutdown.finish()


def test_a_record_that_its_topic_refuses_becomes_a_dead_letter_and_others_are_sent(publishing: Publishing) -> None:
    small = {"max.message.bytes": "2000"}
    publishing.admin.create_topics([NewTopic("publisher-large", 1, config=small)])["publisher-large"].result(20)
    publishing.admin.create_topics([dead_topic("publisher-refused")])["publisher-refused"].result(20)
    large = random.Random(1).randbytes(3000)
    many = {f"short-{i}": ProducerRecord("publisher-large", f"short-{i}", b"{}") for i in range(40)}
    publishing.buffer.put(0, {**many, "large": ProducerRecord("publisher-large", "large", large)})
    until("all sent, or in the dead letter topic", lambda: not publishing.unwritten(), 60)
    (dead,) = [msgspec.msgpack.decode(value, type=DeadLetter) for value in values(publishing, "publisher-refused")]
    assert (dead.topic, dead.kind, dead.value) == ("raw", "event", large)
    assert "size" in dead.reason
    assert len(values(publishing, "publisher-large")) >= len(many)


def test_a_dead_letter_that_its_topic_refuses_is_cut_until_it_fits(publishing: Publishing) -> None:
    small = {"max.message.bytes": "2000"}
    publishing.admin.create_topics([NewTopic("publisher-tight", 1, config=small)])["publisher-tight"].result(20)
    publishing.rejections._dead = "publisher-tight"
    letter = DeadLetter("raw", 3, 7, "could not be unpacked", random.Random(1).randbytes(50_000))
    publishing.put("publisher-tight", letter.key, msgspec.msgpack.encode(letter))
    until("sent", lambda: not publishing.unwritten(), 60)
    (dead,) = [msgspec.msgpack.decode(value, type=DeadLetter) for value in values(publishing, "publisher-tight")]
    assert dead.value and letter.value.startswith(dead.value)
    assert "only the first" in dead.reason


def values(publishing: Publishing, topic: str) -> list[bytes]:
    consumer = Consumer({"bootstrap.servers": publishing.bootstrap, "group.id": "reader", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    found: list[bytes] = []
    while (message := consumer.poll(20)) is not None and message.error() is None:
        found.append(message.value() or b"")
    consumer.close()
    return found


def test_the_largest_dead_letter_fits_into_its_topic(publishing: Publishing) -> None:
    publishing.admin.create_topics([dead_topic("publisher-dead")])["publisher-dead"].result(20)
    value = random.Random(1).randbytes(3 * DEAD_VALUE_BYTES)  # not compressible
    dead = DeadLetter("raw", 3, 7, "could not be unpacked", value).truncated()
    publishing.put("publisher-dead", dead.key, msgspec.msgpack.encode(dead))
    until("the dead letter sent", lambda: not publishing.unwritten(), 30)
    assert dead.reason.endswith("; of its 3,145,728 bytes only the first 1,048,576 are kept here")


def test_a_producer_with_a_fatal_error_is_replaced(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    producers = capture_producers(monkeypatch, "dataflows.biosync.sink.publisher.Producer")
    publishing = Publishing(kafka)
    publishing.create("publisher-fatal")
    publishing.put("publisher-fatal", "before")
    until("the first one sent", lambda: not publishing.unwritten(), 30)
    trigger_fatal_error(producers[0])
    publishing.put("publisher-fatal", "after")
    until("the one after it sent", lambda: not publishing.unwritten(), 30)
    publishing.shutdown.finish()


def test_records_for_a_deleted_topic_are_kept_until_it_is_created_again(publishing: Publishing) -> None:
    publishing.create("publisher-deleted")
    publishing.put("publisher-deleted", "before")
    until("the first one sent", lambda: not publishing.unwritten(), 30)
    publishing.delete("publisher-deleted")
    with capture_logs() as logs:
        publishing.put("publisher-deleted", "meanwhile")
        until("the error that the topic is unknown", lambda: any(log["code"] == "_UNKNOWN_TOPIC" for log in logs), 60)
    publishing.create("publisher-other")
    publishing.put("publisher-other", "elsewhere")
    until("the one for another topic sent", lambda: publishing.unwritten() == {"meanwhile"}, 30)
    publishing.create("publisher-deleted")
    until("the kept one sent", lambda: not publishing.unwritten(), 60)


def test_what_was_given_up_with_its_partition_stalls_nothing(publishing: Publishing) -> None:
    publishing.put("publisher-given-up", "one")  # there is no such topic
    health = publishing.publisher._of("publisher-given-up")
    until("it waits", lambda: health._waiting_since is not None)
    publishing.buffer.forget(0)
    until("nothing waits any more", lambda: health._waiting_since is None)


def test_a_topic_that_accepts_nothing_is_named_until_it_accepts_again(
    publishing: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "STALLED_SECONDS", 2.0)
    publishing.create("publisher-accepts")
    publishing.put("publisher-away", "kept")
    publishing.put("publisher-accepts", "sent")
    until("the topic named", lambda: "publisher-away" in publishing.publisher.stalled, 60)
    assert publishing.publisher.stalled.endswith("what waits is kept")
    publishing.create("publisher-away")
    until("all sent", lambda: not publishing.unwritten(), 60)
    until("nothing named", lambda: publishing.publisher.stalled == "", 20)


def test_another_client_writes_what_one_without_brokers_did_not(kafka: Kafka, publishing: Publishing) -> None:
    publishing.create("publisher-lost")
    publishing.put("publisher-lost", "before")
    until("the first record", lambda: not publishing.unwritten(), 30)
    kafka.stop()
    publishing.put("publisher-lost", "away")
    until("it is on its way", lambda: publishing.publisher._in_flight, 30)
    before = publishing.publisher._watch
    publishing.publisher._watch.on_statistics('{"brokers": {}}')
    until("another client", lambda: publishing.publisher._watch is not before, 30)
    kafka.ensure()
    until("the record", lambda: not publishing.unwritten(), 60)
    assert len(values(publishing, "publisher-lost")) == 2
