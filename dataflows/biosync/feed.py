"""The raw topic, read through one consumer however many partitions there are.

Each librdkafka consumer has its own connections, threads and fetches: one a partition cost a fifth more processor
time at twelve partitions. No group: the dataflow's recovery store knows the offsets.
"""

from __future__ import annotations

import time
from collections import deque
from threading import Event, Thread
from time import monotonic
from typing import Any

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from dataflows.biosync import metrics
from dataflows.biosync.people import Record

POLL_SECONDS = 0.005
"""How long an empty topic is left alone: the price of it is latency."""
_BATCH = 64
_MEASURE_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class Feed:
    """Records of `topic`, by partition."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._topic = topic
        self._waiting: dict[int, deque[Record]] = {}
        self._next: dict[int, int] = {}
        self._newest: dict[int, Message] = {}
        self._level: dict[int, float] = {}
        self._opened: dict[int, float] = {}
        """The last record that was taken, by partition."""
        self._due = 0.0
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "biosync",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 20,
                "fetch.min.bytes": 65536,
                "queued.max.messages.kbytes": 16384,
                "max.poll.interval.ms": 86_400_000,
                "reconnect.backoff.max.ms": 1000,
                "error_cb": _complain,
            }
        )
        self._closed = Event()
        self._measuring = Thread(target=self._measure, name="lag", daemon=True)
        self._measuring.start()

    def open(self, partition: int, offset: int | None) -> None:
        """Read `partition` from `offset`, or from its oldest record."""
        self._waiting[partition] = deque()
        self._opened[partition] = time.time()
        self._next[partition] = offset or 0
        start = OFFSET_BEGINNING if offset is None else offset
        self._consumer.incremental_assign([TopicPartition(self._topic, partition, start)])

    def take(self, partition: int) -> list[Record]:
        """What came for `partition` since the last call; does not wait."""
        waiting = self._waiting[partition]
        if not waiting and (now := monotonic()) >= self._due:
            self._due = 0.0 if self._fetch() else now + POLL_SECONDS
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
            self._closed.set()
            self._measuring.join()
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
            partition = _sure(message.partition())
            self._waiting[partition].append((_sure(message.offset()), message.value() or b""))
            self._newest[partition] = message
        return bool(messages)

    def _measure(self) -> None:
        """Tells how far behind the worker is; in a thread, because a worker that waits is one that falls behind."""
        cpu = 0.0
        while not self._closed.wait(_MEASURE_SECONDS):
            before, cpu = cpu, time.process_time()
            metrics.CPU.inc(cpu - before)
            for partition, position in list(self._next.items()):
                known: Any = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), cached=True)
                if not known or known[1] < 0:
                    continue
                behind = max(0, known[1] - position)
                metrics.LAG.labels(str(partition)).set(behind)
                now = time.time()
                if not behind:
                    self._level[partition] = now
                metrics.LAG_SECONDS.labels(str(partition)).set(max(0.0, now - self._level_at(partition)))

    def _level_at(self, partition: int) -> float:
        """Unix seconds up to which nothing is unread: when all was read last, or the time of the newest record taken,
        whichever is later; before either is known, when reading began."""
        newest, known = self._newest.get(partition), list[float]()
        if newest is not None:
            known.append(newest.timestamp()[1] / 1000)
        if partition in self._level:
            known.append(self._level[partition])
        return max(known) if known else self._opened[partition]


def _sure(number: int | None) -> int:
    if number is None:
        raise ValueError("a consumed message without partition or offset")
    return number


def _complain(error: KafkaError) -> None:
    _log.warning("kafka_error", code=error.name(), what=error.str())
