"""What the brokers say of a topic: its id, which differs between it and a later one of the same name, and its ends."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import OffsetSpec  # pyright: ignore[reportPrivateImportUsage]

from contracts.connections import KafkaClient
from contracts.lasting_admin import LastingAdmin

_TIMEOUT_SECONDS = 5.0


class TopicNotReady(RuntimeError):
    """Kafka answers that the topic does not exist, or does not have all its partitions yet."""


class Topic:
    """The topic `name`, which must have at least `partitions` partitions."""

    def __init__(self, kafka: KafkaClient, name: str, partitions: int) -> None:
        self.kafka = kafka
        self.name = name
        self.partitions = partitions
        self._admin = LastingAdmin({**kafka, "reconnect.backoff.max.ms": 1000})

    def id(self) -> str:
        """Kafka's topic id (KIP-516): a topic that is deleted and created again has another.

        Raises TopicNotReady, and KafkaException when Kafka does not answer.
        """
        try:
            with self._admin.asking() as admin:
                futures = admin.describe_topics(TopicCollection([self.name]), request_timeout=_TIMEOUT_SECONDS)
                description = futures[self.name].result()
        except KafkaException as error:
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise TopicNotReady(f"topic {self.name} does not exist") from error
            raise
        if len(description.partitions) < self.partitions:
            raise TopicNotReady(f"topic {self.name} has {len(description.partitions)} of {self.partitions} partitions")
        return str(description.topic_id)

    def ends(self, partitions: Collection[int]) -> dict[int, int]:
        """The offset behind the last record that a consumer gets, of those partitions whose leader answers.

        Of a transaction that is not committed yet it gets none. Raises KafkaException when no leader answers.
        """
        latest: Any = OffsetSpec.latest()  # its declared type says Optional
        wanted: dict[TopicPartition, OffsetSpec] = {
            TopicPartition(self.name, partition): latest for partition in partitions
        }
        if not wanted:
            return {}
        ends, failed = dict[int, int](), list[KafkaException]()
        with self._admin.asking() as admin:
            answers = admin.list_offsets(
                wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=_TIMEOUT_SECONDS
            )
            for partition, answer in answers.items():
                try:
                    ends[partition.partition] = answer.result().offset
                except KafkaException as error:
                    failed.append(error)
            if not ends:
                raise failed[0]
        return ends
