"""The raw topic, read through one consumer however many partitions there are.

Each librdkafka consumer has its own connections, threads and fetches: one a partition cost a fifth more processor
time at twelve partitions. No group: the dataflow's recovery store knows the offsets.

An offset belongs to one topic, and a topic that is deleted and made again is another one. It is read from its
beginning, through a new consumer (the old one may take all it hears of it for outdated, since the epochs of its leaders
begin anew). Everyone's state stays: what people send goes on, and frames that they send again are known as repeats.
"""

from __future__ import annotations

import time
from collections import deque
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from dataflows.biosync import metrics
from dataflows.biosync.people import Record
from dataflows.biosync.topic import Absent, Topic

POLL_SECONDS = 0.005
"""How long an empty topic is left alone: the price of it is latency."""
_BATCH = 64
_OBSERVE_SECONDS = 1.0
_log = structlog.get_logger(__name__)

Place = tuple[str, int]
"""Where to go on: Kafka's id of a topic, and an offset in it."""
START: Place = ("", 0)
"""The beginning of whatever topic is there."""


class Feed:
    """Records of `topic`, by partition."""

    def __init__(self, bootstrap: str, topic: Topic) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._waiting: dict[int, deque[Record]] = {}
        self._places: dict[int, Place] = {}
        self._next: dict[int, int] = {}
        self._newest: dict[int, Message] = {}
        """The last record that was taken, by partition."""
        self._level: dict[int, float] = {}
        self._opened: dict[int, float] = {}
        self._due = 0.0
        self._consumer: Consumer | None = None
        self._replacing = Lock()
        self._reading = ""
        """Id of the topic that `_consumer` reads."""
        self._there = ""
        """Id of the topic that is there, or was when Kafka was asked last."""
        self.away = f"not told yet which topic {topic.name} is"
        """Why nothing can be read just now, or empty."""
        self._closed = Event()
        Thread(target=self._observe, name="topic", daemon=True).start()

    def open(self, partition: int, place: Place) -> None:
        """Read `partition` from `place`, or from its oldest record when that is of another topic."""
        self._waiting[partition] = deque()
        self._opened[partition] = time.time()
        self._places[partition] = place
        if self._consumer is not None:
            self._assign(self._consumer, partition)

    def take(self, partition: int) -> list[Record]:
        """What came for `partition` since the last call; does not wait."""
        waiting = self._waiting[partition]
        if not waiting and (now := monotonic()) >= self._due:
            self._due = 0.0 if self._fetch() else now + POLL_SECONDS
        if not waiting:
            return []
        records = list(waiting)
        waiting.clear()
        past = records[-1][0] + 1
        self._places[partition] = self._reading, past
        self._next[partition] = max(self._next[partition], past)
        return records

    def place(self, partition: int) -> Place:
        """Where to go on behind what was taken."""
        return self._places[partition]

    def close(self, partition: int) -> None:
        """Stop reading `partition`; the last one closes the consumer."""
        del self._waiting[partition]
        if self._waiting:
            if self._consumer is not None:
                self._consumer.incremental_unassign([TopicPartition(self._topic.name, partition)])
        else:
            self._closed.set()
            self._replace(None)

    def _fetch(self) -> bool:
        if self._reading != self._there:
            if any(self._waiting.values()):
                return False  # they are of the topic before
            self._begin(self._there)
        if self._consumer is None:
            return False
        messages: list[Message] = self._consumer.consume(_BATCH, 0)
        for message in messages:
            error = message.error()
            if error is not None:
                self._told(error, message)
                continue
            partition = _sure(message.partition())
            self._waiting[partition].append((_sure(message.offset()), message.value() or b""))
            self._newest[partition] = message
        return bool(messages)

    def _told(self, error: KafkaError, message: Message) -> None:
        """What the consumer says instead of a record."""
        if error.code() == KafkaError._PARTITION_EOF:
            # Behind the last record there may be a transaction's marker, which is no record to wait for.
            self._next[_sure(message.partition())] = _sure(message.offset())
        elif error.code() == KafkaError._AUTO_OFFSET_RESET and self._consumer is not None:
            partition = _sure(message.partition())
            _log.warning("offset_gone", partition=partition, what=error.str(), then="going on with the oldest record")
            self._places[partition] = self._reading, 0
            self._consumer.incremental_unassign([TopicPartition(self._topic.name, partition)])
            self._assign(self._consumer, partition)
        elif error.fatal():
            raise KafkaException(error)
        else:
            _complain(error)

    def _begin(self, topic: str) -> None:
        """Read the topic of that id."""
        before = {known for known, _ in self._places.values()} - {"", topic}
        if before:
            _log.warning(
                "topic_replaced",
                topic=self._topic.name,
                was=sorted(before),
                now=topic,
                then="it is read from its beginning; what was computed from the one before stays",
            )
        consumer = Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": "biosync",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 20,
                "fetch.min.bytes": 65536,
                "queued.max.messages.kbytes": 16384,
                "max.poll.interval.ms": 86_400_000,
                "reconnect.backoff.max.ms": 1000,
                "error_cb": _complain,
            }
        )
        self._reading = topic
        for partition in self._waiting:
            self._assign(consumer, partition)
        self._replace(consumer)

    def _assign(self, consumer: Consumer, partition: int) -> None:
        known, offset = self._places[partition]
        if known not in ("", self._reading):
            offset = 0
        self._places[partition] = self._reading, offset
        self._next[partition] = offset
        consumer.incremental_assign([TopicPartition(self._topic.name, partition, offset or OFFSET_BEGINNING)])

    def _replace(self, consumer: Consumer | None) -> None:
        with self._replacing:
            before, self._consumer = self._consumer, consumer
        if before is not None:
            before.close()

    def _observe(self) -> None:
        """In a thread, because a worker that waits is one that falls behind."""
        cpu = 0.0
        while True:
            before, cpu = cpu, time.process_time()
            metrics.CPU.inc(cpu - before)
            self._look()
            self._measure()
            if self._closed.wait(_OBSERVE_SECONDS):
                return

    def _look(self) -> None:
        """Finds whether the topic is there, and which one it is."""
        try:
            self._there, away = self._topic.id(), ""
        except Absent as absent:
            away = str(absent)
        except KafkaException as error:
            # Kafka is away: its topics are what they were.
            away = "" if self._there else f"not told yet which topic {self._topic.name} is: {error}"
        if away != self.away and away:
            _log.warning("topic_away", what=away, then="it is read as soon as it is there")
        self.away = away

    def _measure(self) -> None:
        """Tells how far behind the worker is."""
        for partition, position in list(self._next.items()):
            with self._replacing:
                if self._consumer is None:
                    return
                at = TopicPartition(self._topic.name, partition)
                known: Any = self._consumer.get_watermark_offsets(at, cached=True)
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
