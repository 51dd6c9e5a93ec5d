"""A producer whose records the brokers have on enough disks before it says so."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiokafka import AIOKafkaProducer


@contextlib.asynccontextmanager
async def producing(kafka: Mapping[str, Any], **options: Any) -> AsyncIterator[AIOKafkaProducer]:
    """Idempotent, with acks=all; `options` are others of aiokafka. Raises KafkaError."""
    producer = AIOKafkaProducer(**kafka, acks="all", enable_idempotence=True, **options)
    try:
        await producer.start()
        yield producer
    finally:
        await producer.stop()
