"""Tells of calms that people saw, in the topic of what people did (contracts/user_events.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from aiokafka import AIOKafkaProducer

from contracts import pushes
from contracts.platform import TOPIC_USER_EVENTS
from contracts.user_events import Kind, UserEvent, encode
from services.kit.records import EVENT_ID
from services.recommend.outcomes.queue import Outcome


class SeenPublisher:
    """A producer of Kafka that connects when there is something to tell; `kafka` are its settings."""

    def __init__(self, kafka: Mapping[str, Any]) -> None:
        self._kafka = kafka
        self._producer: AIOKafkaProducer | None = None

    async def publish(self, outcomes: Sequence[Outcome]) -> None:
        """Returns once the brokers have an event of each that was seen, the identical record each time; raises
        KafkaError."""
        seen = [outcome for outcome in outcomes if outcome.outcome == pushes.SEEN]
        if not seen:
            return
        if self._producer is None:
            producer = AIOKafkaProducer(**self._kafka, acks="all", enable_idempotence=True)
            await producer.start()
            self._producer = producer
        sent = [await self._producer.send(**record(outcome)) for outcome in seen]
        await asyncio.gather(*sent)

    async def close(self) -> None:
        if self._producer is not None:
            await self._producer.stop()


def record(outcome: Outcome) -> dict[str, Any]:
    """The record of a calm that was seen: the same however often the outcome is read."""
    event_id = str(uuid5(NAMESPACE_URL, f"calm-seen {outcome.event_id}"))
    event = UserEvent(event_id, Kind.CALM_SEEN, outcome.user, outcome.at)
    return {
        "topic": TOPIC_USER_EVENTS,
        "key": outcome.user.encode(),
        "value": encode(event),
        "headers": [(EVENT_ID, event_id.encode())],
        "timestamp_ms": outcome.at,
    }
