"""The delivery pipeline on a real Kafka, without a WebSocket."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from websockets.frames import CloseCode

from contracts.connections import kafka_client
from contracts.records import StoredFrame, unpack_readable
from local.engines.kafka import Kafka
from services.ingest.delivery.batching import Batch
from services.ingest.delivery.pipeline import DeliveryPipeline, PendingAck
from services.ingest.delivery.producer import BatchProducer
from services.ingest.registry import UserConnection
from services.ingest.websocket.framing import Close
from tests.fixtures.producers import capture_producers, trigger_fatal_error
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]
TOPIC, PRODUCED, IDLE = "delivery", "delivery-produced", "delivery-idle"


class FakeConnection:
    """What the pipeline uses of a connection."""

    partition = 0

    def __init__(self) -> None:
        self.received: asyncio.Queue[bytes | Close] = asyncio.Queue()

    def send(self, text: bytes) -> bool:
        self.received.put_nowait(text)
        return True

    def close(self, reason: Close) -> None:
        self.received.put_nowait(reason)


async def test_after_a_fatal_producer_error_nothing_is_acknowledged_and_the_process_ends(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.create_topics([NewTopic(TOPIC, 1)])[TOPIC].result(20)
    producers = capture_producers(monkeypatch, "services.ingest.delivery.producer.Producer")
    fatal, connection = asyncio.Event(), FakeConnection()
    pipeline = DeliveryPipeline(kafka_client(kafka.bootstrap), TOPIC, 0.02, 1 << 20, fatal.set)
    assert await pipeline.start() == 1

    async def submit(seq: int) -> bytes | Close:
        frame = StoredFrame("ada", "watch", seq, 0, "", [0], [800.0])
        pipeline.submit(frame, PendingAck(cast(UserConnection, connection), seq, 0.0), 100)
        return await asyncio.wait_for(connection.received.get(), 30)

    assert await submit(1) == b'{"ack":1}'
    trigger_fatal_error(producers[0])
    reason = await submit(2)
    assert isinstance(reason, Close)
    assert reason.code == CloseCode.INTERNAL_ERROR
    await asyncio.wait_for(fatal.wait(), 30)


async def test_a_producer_with_nothing_to_do_is_polled(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    """What librdkafka has to say would fill the memory, and a client without brokers would meet the next frame."""
    monkeypatch.setattr("services.ingest.delivery.producer.IDLE_SECONDS", 0.05)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.create_topics([NewTopic(IDLE, 1)])[IDLE].result(20)
    producer = BatchProducer(kafka_client(kafka.bootstrap), IDLE, lambda _batch, _error: None)
    assert await producer.partitions() == 1
    before = producer._watch
    before.on_statistics('{"brokers": {}}')
    await asyncio.to_thread(until, "another client", lambda: producer._watch is not before, 10)


async def test_what_a_client_without_brokers_did_not_write_is_written_by_another_in_order(kafka: Kafka) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.create_topics([NewTopic(PRODUCED, 1)])[PRODUCED].result(20)
    delivered: list[tuple[int, KafkaError | None]] = []
    producer = BatchProducer(
        kafka_client(kafka.bootstrap), PRODUCED, lambda batch, error: delivered.append((batch.frames[0].seq, error))
    )

    def produce(*numbers: int) -> None:
        for number in numbers:
            producer.produce(Batch(0, [StoredFrame("ada", "watch", number, 0, "", [0], [800.0])]))

    produce(1)
    assert await producer.flush(30) == 0
    kafka.stop()
    produce(2, 3)
    before = producer._watch
    producer._watch.on_statistics('{"brokers": {}}')
    produce(4)
    await asyncio.to_thread(until, "another client", lambda: producer._watch is not before, 10)
    produce(5)
    kafka.ensure()
    assert await producer.flush(60) == 0
    assert delivered == [(number, None) for number in range(1, 6)]
    assert await asyncio.to_thread(written, kafka, 5) == [1, 2, 3, 4, 5]


def written(kafka: Kafka, count: int) -> list[int]:
    """The numbers of the first frames of the topic."""
    settings = {"bootstrap.servers": kafka.bootstrap, "group.id": "delivery", "auto.offset.reset": "earliest"}
    consumer = Consumer(settings)
    consumer.assign([TopicPartition(PRODUCED, 0, 0)])
    found = [unpack_readable(message.value() or b"")[0][0].seq for message in consumer.consume(count, 30)]
    consumer.close()
    return found
