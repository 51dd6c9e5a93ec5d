"""The Kafka consumer of the raw topic: one for all partitions.

Each librdkafka consumer has its own connections, threads and fetches: one a partition cost a fifth more processor
time at twelve partitions. No consumer group: the states of the partitions keep the offsets.
"""

from __future__ import annotations

from collections.abc import Callable

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from contracts.connections import KafkaClient

OFFSET_ERRORS = {KafkaError._AUTO_OFFSET_RESET, KafkaError._LOG_TRUNCATION}
"""Error codes that mean: the offset does not exist."""
UNKNOWN_TOPIC_ERRORS = {
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.UNKNOWN_TOPIC_ID,
    KafkaError.INCONSISTENT_TOPIC_ID,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError._UNKNOWN_PARTITION,
}
"""Error codes that mean: the topic does not exist."""
BATCH_SIZE = 64
_SEEK_SECONDS = 5.0


class TopicConsumer:
    """Consumes partitions of the topic `name`; `on_error` is called with errors that belong to no partition."""

    def __init__(self, kafka: KafkaClient, name: str, on_error: Callable[[KafkaError], None]) -> None:
        self._name = name
        self._consumer = Consumer(
            {
                **kafka,
                "group.id": "biosync",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 20,
                "fetch.min.bytes": 65536,
                "queued.max.messages.kbytes": 16384,
                "max.poll.interval.ms": 86_400_000,
                "reconnect.backoff.max.ms": 1000,
                "error_cb": on_error,
            }
        )

    def consume(self) -> list[Message]:
        """Records and errors that were fetched so far, up to BATCH_SIZE; does not block."""
        return self._consumer.consume(BATCH_SIZE, 0)

    def assign(self, partition: int, offset: int) -> None:
        """Also consume a partition, from its oldest record when the offset is 0."""
        at = TopicPartition(self._name, partition, offset or OFFSET_BEGINNING)
        self._consumer.incremental_assign([at])

    def offset_at(self, partition: int, at: int) -> int:
        """The offset of the first record of this time (Unix ms) or later, or else that behind the last record. Waits
        for Kafka; raises KafkaException."""
        where = TopicPartition(self._name, partition)
        # asked first: a record that is written meanwhile is behind it
        end = self._consumer.get_watermark_offsets(where, _SEEK_SECONDS)[1]
        (found,) = self._consumer.offsets_for_times([TopicPartition(self._name, partition, max(0, at))], _SEEK_SECONDS)
        if found.error:
            raise KafkaException(found.error)
        return found.offset if found.offset >= 0 else end

    def unassign(self, partition: int) -> None:
        """Stop consuming a partition."""
        self._consumer.incremental_unassign([TopicPartition(self._name, partition)])

    def close(self) -> None:
        """Stop consuming."""
        self._consumer.close()
