"""The delivery pipeline on a real Kafka, without a WebSocket."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from websockets.frames import CloseCode

from contracts.connections import kafka_client
from contracts.records import StoredFrame
from local.engines.kafka import Kafka
from services.ingest.delivery.pipeline import DeliveryPipeline, PendingAck
from services.ingest.registry import UserConnection
from services.ingest.websocket.framing import Close
from tests.fixtures.producers import capture_producers, trigger_fatal_error

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]
TOPIC = "delivery"


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
