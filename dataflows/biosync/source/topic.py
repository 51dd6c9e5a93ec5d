"""A topic's identity: Kafka's topic id, which differs between a topic and a later one of the same name."""

from __future__ import annotations

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from contracts.connections import KafkaClient

_TIMEOUT_SECONDS = 5.0


class TopicNotReady(RuntimeError):
    """Kafka answers that the topic does not exist, or does not have all its partitions yet."""


class Topic:
    """The topic `name`, which must have at least `partitions` partitions."""

    def __init__(self, kafka: KafkaClient, name: str, partitions: int) -> None:
        self.kafka = kafka
        self.name = name
        self.partitions = partitions
        self._admin = AdminClient({**kafka, "reconnect.backoff.max.ms": 1000})

    def id(self) -> str:
        """Kafka's topic id (KIP-516): a topic that is deleted and created again has another.

        Raises TopicNotReady, and KafkaException when Kafka does not answer.
        """
        try:
            futures = self._admin.describe_topics(TopicCollection([self.name]), request_timeout=_TIMEOUT_SECONDS)
            description = futures[self.name].result()
        except KafkaException as error:
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise TopicNotReady(f"topic {self.name} does not exist") from error
            raise
        if len(description.partitions) < self.partitions:
            raise TopicNotReady(f"topic {self.name} has {len(description.partitions)} of {self.partitions} partitions")
        return str(description.topic_id)
