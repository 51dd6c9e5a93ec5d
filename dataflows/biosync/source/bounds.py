"""What a partition of the topic holds."""

from __future__ import annotations

from confluent_kafka import Consumer, KafkaException, TopicPartition

from dataflows.biosync.source.topic import Topic, TopicNotReady

_TIMEOUT_SECONDS = 5.0


class TopicUnavailable(RuntimeError):
    """Kafka does not answer, or does not have the topic yet."""


def bounds(topic: Topic, partition: int) -> tuple[str, int, int, int | None]:
    """Id of the topic, offsets of the oldest record and behind the newest, and the time of the oldest in Unix ms, None
    when there is none. Raises TopicUnavailable."""
    consumer = Consumer({**topic.kafka, "group.id": "biosync-bounds", "enable.auto.commit": False})
    try:
        topic_id = topic.id()
        low, high = consumer.get_watermark_offsets(TopicPartition(topic.name, partition), _TIMEOUT_SECONDS)
        if low == high:
            return topic_id, low, high, None
        consumer.assign([TopicPartition(topic.name, partition, low)])
        oldest = consumer.poll(_TIMEOUT_SECONDS)
        if oldest is None or oldest.error():
            raise TopicUnavailable(f"the oldest record of topic {topic.name} cannot be read")
        return topic_id, low, high, oldest.timestamp()[1]
    except (KafkaException, TopicNotReady) as error:
        raise TopicUnavailable(str(error)) from error
    finally:
        consumer.close()
