"""A topic's identity: Kafka's topic id, which differs between a topic and a later one of the same name."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

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
        self._admin = self._client()

    def _client(self) -> AdminClient:
        return AdminClient({**self.kafka, "reconnect.backoff.max.ms": 1000})

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
            self._admin = self._client()  # the present one may have given the brokers up (contracts/broker_watch.py)
            raise
        if len(description.partitions) < self.partitions:
            raise TopicNotReady(f"topic {self.name} has {len(description.partitions)} of {self.partitions} partitions")
        return str(description.topic_id)

    def ends(self, partitions: Collection[int]) -> dict[int, int]:
        """The offset behind the last record that a consumer gets, of those partitions whose leader answers.

        Of a transaction that is not committed yet it gets none.
        """
        wanted = {TopicPartition(self.name, partition): OffsetSpec.latest() for partition in partitions}
        if not wanted:
            return {}
        answers = self._admin.list_offsets(
            wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=_TIMEOUT_SECONDS
        )
        ends: dict[int, int] = {}
        for partition, answer in answers.items():
            with suppress(KafkaException):
                ends[partition.partition] = answer.result().offset
        return ends
