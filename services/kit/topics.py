"""Topics of a service: made before its Pods start, since brokers make none by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code


async def ensure_topic(kafka: Mapping[str, Any], name: str, *, partitions: int, retention_ms: int) -> None:
    """Makes the topic with the cluster's number of replicas unless it exists; raises KafkaError."""
    admin = AIOKafkaAdminClient(**kafka)
    await admin.start()
    try:
        topic = NewTopic(name, partitions, -1, topic_configs={"retention.ms": str(retention_ms)})
        answer = await admin.create_topics([topic])
        for _, code, *message in answer.topic_errors:
            if code and for_code(code) is not TopicAlreadyExistsError:
                raise for_code(code)(f"topic {name}: {message[0] if message else ''}")
    finally:
        await admin.close()
