"""The raw topic, read through one consumer however many partitions there are.

Each librdkafka consumer has its own connections, threads and fetches: one a partition cost a fifth more processor
time at twelve partitions. No group: the dataflow's recovery store knows the offsets.
"""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import Any

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from dataflows.biosync import metrics
from dataflows.biosync.people import Record

POLL_SECONDS = 0.005
"""How long an empty topic is left alone: the price of it is latency."""
_BATCH = 64
_LAG_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class Feed:
    """Records of `topic`, by partition."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._waiting: dict[int, deque[Record]] = {}
        self._next: dict[int, int] = {}
        self._due = 0.0
        self._lag_due = 0.0
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "biosync",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 20,
                "fetch.min.bytes": 1,
                "queued.max.messages.kbytes": 16384,
                "max.poll.interval.ms": 86_400_000,
                "reconnect.backoff.max.ms": 1000,
                "error_cb": _complain,
            }
        )

    def open(self, partition: int, offset: int | None) -> None:
        """Read `partition` from `offset`, or from its oldest record."""
        self._waiting[partition] = deque()
        self._next[partition] = offset or 0
        start = OFFSET_BEGINNING if offset is None else offset
        self._consumer.incremental_assign([TopicPartition(self._topic, partition, start)])

    def take(self, partition: int) -> list[Record]:
        """What came for `partition` since the last call; does not wait."""
        waiting = self._waiting[partition]
        now = monotonic()
        if not waiting and now >= self._due:
            self._due = 0.0 if self._fetch() else now + POLL_SECONDS
        if now >= self._lag_due:
            self._lag_due = now + _LAG_SECONDS
            self._measure_lag()
        if not waiting:
            return []
        records = list(waiting)
        waiting.clear()
        self._next[partition] = max(self._next[partition], records[-1][0] + 1)
        return records

    def close(self, partition: int) -> None:
        """Stop reading `partition`; the last one closes the consumer."""
        del self._waiting[partition]
        if self._waiting:
            self._consumer.incremental_unassign([TopicPartition(self._topic, partition)])
        else:
            self._consumer.close()

    def _fetch(self) -> bool:
        messages: list[Message] = self._consumer.consume(_BATCH, 0)
        for message in messages:
            error = message.error()
            if error is not None:
                if error.code() == KafkaError._PARTITION_EOF:
                    # Behind the last record there may be a transaction's marker, which is no record to wait for.
                    self._next[_sure(message.partition())] = _sure(message.offset())
                    continue
                if error.fatal():
                    raise KafkaException(error)
                _complain(error)
                continue
            value = message.value()
            self._waiting[_sure(message.partition())].append((_sure(message.offset()), value or b""))
        return bool(messages)

    def _measure_lag(self) -> None:
        for partition, position in self._next.items():
            known: Any = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), cached=True)
            if known and known[1] >= 0:
                metrics.LAG.labels(str(partition)).set(max(0, known[1] - position))


def _sure(number: int | None) -> int:
    if number is None:
        raise ValueError("a consumed message without partition or offset")
    return number


def _complain(error: KafkaError) -> None:
    _log.warning("kafka_error", code=error.name(), what=error.str())
