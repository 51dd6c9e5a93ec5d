"""The consumer of a topic, as librdkafka's: one for all partitions.

Each librdkafka consumer has its own connections, threads and fetches: one a partition cost a fifth more processor
time at twelve partitions. No group: the dataflow's recovery store knows the offsets.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

OFFSET_ERRORS = {KafkaError._AUTO_OFFSET_RESET, KafkaError._LOG_TRUNCATION}
"""Codes of an error that says: there is no such offset."""
UNKNOWN_TOPIC_ERRORS = {
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.UNKNOWN_TOPIC_ID,
    KafkaError.INCONSISTENT_TOPIC_ID,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError._UNKNOWN_PARTITION,
}
"""Codes of an error that says: there is no such topic."""
_BATCH = 64


class TopicConsumer:
    """Reads partitions of the topic `name`; `complain` is told the errors that are of no partition's records."""

    def __init__(self, bootstrap: str, name: str, complain: Callable[[KafkaError], None]) -> None:
        self._name = name
        self._closed = False
        self._closing = Lock()
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "biosync",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 20,
                "fetch.min.bytes": 65536,
                "queued.max.messages.kbytes": 16384,
                "max.poll.interval.ms": 86_400_000,
                "reconnect.backoff.max.ms": 1000,
                "error_cb": complain,
            }
        )

    def consume(self) -> list[Message]:
        """Records and errors that are here by now; does not wait."""
        return self._consumer.consume(_BATCH, 0)

    def assign(self, partition: int, offset: int) -> None:
        """Read a partition too, from its oldest record when the offset is 0."""
        at = TopicPartition(self._name, partition, offset or OFFSET_BEGINNING)
        self._consumer.incremental_assign([at])

    def unassign(self, partition: int) -> None:
        """Read a partition no more."""
        self._consumer.incremental_unassign([TopicPartition(self._name, partition)])

    def high_watermark(self, partition: int) -> int | None:
        """Offset behind the last record, as far as it is known; from any thread. Raises KafkaException."""
        with self._closing:
            if self._closed:
                return None
            known: Any = self._consumer.get_watermark_offsets(TopicPartition(self._name, partition), cached=True)
        return known[1] if known and known[1] >= 0 else None

    def close(self) -> None:
        """Read nothing more."""
        with self._closing:
            self._closed = True
        self._consumer.close()
