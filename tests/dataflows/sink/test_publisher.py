"""Letters on a real Kafka: kept while it does not take them, and no hindrance to others."""

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
from tests.fixtures.producers import end_for_good, watched

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


class Post:
    """A box whose letters are being sent."""

    def __init__(self, kafka: Kafka) -> None:
        self.stopping = Shutdown()
        self.box: Buffer[str, ProducerRecord] = Buffer(1000, self.stopping)
        self.admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
        Publisher(kafka.bootstrap, self.box, self.stopping).start()

    def make(self, topic: str) -> None:
        self.admin.create_topics([NewTopic(topic, 1)])[topic].result(20)

    def delete(self, topic: str) -> None:
        self.admin.delete_topics([topic])[topic].result(20)
        until(lambda: topic not in self.admin.list_topics(timeout=20).topics, 20, "the topic gone")

    def put(self, topic: str, key: str, value: bytes = b"{}") -> None:
        self.box.put(0, {key: ProducerRecord(topic, key, value)})

    def waiting(self) -> set[str]:
        return set(self.box.contents(0))


@pytest.fixture
def post(kafka: Kafka) -> Iterator[Post]:
    made = Post(kafka)
    yield made
    made.stopping.finish()


def test_a_letter_that_is_too_large_for_kafka_is_kept_and_others_are_sent(post: Post) -> None:
    post.make("letters-large")
    post.put("letters-large", "endless", b"x" * (DEAD_LETTER_BYTES + 1))
    post.put("letters-large", "short")
    until(lambda: post.waiting() == {"endless"}, 30, "the short one sent")
    post.put("letters-large", "later")
    until(lambda: post.waiting() == {"endless"}, 30, "the later one sent")


def test_the_largest_dead_letter_fits_into_its_topic(post: Post) -> None:
    post.admin.create_topics([dead_topic("letters-dead")])["letters-dead"].result(20)
    value = random.Random(1).randbytes(3 * DEAD_VALUE_BYTES)  # nothing that compression makes smaller
    dead = DeadLetter("raw", 3, 7, "could not be unpacked", value).truncated()
    post.put("letters-dead", dead.key, msgspec.msgpack.encode(dead))
    until(lambda: not post.waiting(), 30, "the letter sent")
    assert dead.reason.endswith("; of its 3,145,728 bytes only the first 1,048,576 are kept here")


def test_a_producer_that_cannot_go_on_is_replaced(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    made = watched(monkeypatch, "dataflows.biosync.sink.publisher.Producer")
    post = Post(kafka)
    post.make("letters-fatal")
    post.put("letters-fatal", "before")
    until(lambda: not post.waiting(), 30, "the first one sent")
    end_for_good(made[0])
    post.put("letters-fatal", "after")
    until(lambda: not post.waiting(), 30, "the one after it sent")
    post.stopping.finish()


def test_letters_wait_for_a_topic_that_is_deleted_until_it_is_made_again(post: Post) -> None:
    post.make("letters-gone")
    post.put("letters-gone", "before")
    until(lambda: not post.waiting(), 30, "the first one sent")
    post.delete("letters-gone")
    with capture_logs() as told:
        post.put("letters-gone", "meanwhile")
        until(lambda: any(one["code"] == "_UNKNOWN_TOPIC" for one in told), 60, "its client knows that it is gone")
    post.make("letters-other")
    post.put("letters-other", "elsewhere")
    until(lambda: post.waiting() == {"meanwhile"}, 30, "the one for another topic sent")
    post.make("letters-gone")
    until(lambda: not post.waiting(), 60, "the one that waited sent")
