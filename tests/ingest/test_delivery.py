"""The way of a frame through a real Kafka, without a socket."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from contracts.records import StoredFrame
from local.engines.kafka import Kafka
from services.ingest.admission import UNSTORABLE, Close
from services.ingest.delivery.pipeline import Intake, Receipt
from services.ingest.websocket.connection import Socket
from tests.fixtures.producers import end_for_good, watched

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]
TOPIC = "intake"


class Wearable:
    """What Intake asks of a socket."""

    partition = 0

    def __init__(self) -> None:
        self.told: asyncio.Queue[bytes | Close] = asyncio.Queue()

    def offer(self, text: bytes) -> bool:
        self.told.put_nowait(text)
        return True

    def close(self, why: Close) -> None:
        self.told.put_nowait(why)


async def test_a_producer_that_cannot_go_on_acknowledges_nothing_and_has_the_process_ended(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.create_topics([NewTopic(TOPIC, 1)])[TOPIC].result(20)
    made, broken, wearable = (
        watched(monkeypatch, "services.ingest.delivery.producer.Producer"),
        asyncio.Event(),
        Wearable(),
    )
    intake = Intake(kafka.bootstrap, TOPIC, 0.02, 1 << 20, broken.set)
    assert await intake.start() == 1

    async def answer(seq: int) -> bytes | Close:
        frame = StoredFrame("ada", "watch", seq, 0, "", [0], [800.0])
        intake.accept(frame, Receipt(cast(Socket, wearable), seq, 0.0), 100)
        return await asyncio.wait_for(wearable.told.get(), 30)

    assert await answer(1) == b'{"ack":1}'
    end_for_good(made[0])
    refused = await answer(2)
    assert isinstance(refused, Close)
    assert refused.code == UNSTORABLE
    await asyncio.wait_for(broken.wait(), 30)
