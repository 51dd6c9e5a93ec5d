"""Reads the raw topic, partition by partition, and keeps the position in each.

An offset belongs to one topic. One that is deleted and created again is another, as is that of the other region. It is
read from where its records are as old as the last that was read (place.py), by a new consumer: the old one may discard
all metadata of it as outdated, since its leader epochs restart. The persons' states stay: users keep sending, and
frames that they send again are recognised as repeats.

A replaced topic is noticed within a second, and at once when Kafka rejects the position. Only where a topic is deleted,
created and filled beyond the old offset within that second can the records behind that offset come first; then they
come a second time, in their order.
"""

from __future__ import annotations

from collections import deque
from time import monotonic, time

import structlog
from confluent_kafka import KafkaError, KafkaException, Message

from dataflows.biosync.place import MARGIN_MS, Place
from dataflows.biosync.signal.partition import Record
from dataflows.biosync.source.consumer import BATCH_SIZE, OFFSET_ERRORS, UNKNOWN_TOPIC_ERRORS, TopicConsumer
from dataflows.biosync.source.lag import LagReporter
from dataflows.biosync.source.stall import StallDetector
from dataflows.biosync.source.topic import Topic
from dataflows.biosync.source.topic_watcher import TopicWatcher

POLL_SECONDS = 0.005
"""Pause after a poll that returned nothing: it adds to the latency."""
_RETRY_SECONDS = 1.0
"""How long a partition is paused after Kafka rejected its position."""
_log = structlog.get_logger(__name__)


class TopicReader:
    """Records of `topic`, by partition."""

    def __init__(self, topic: Topic) -> None:
        self._kafka, self._name = topic.kafka, topic.name
        self._pending: dict[int, deque[Record]] = {}
        self._positions: dict[int, Place] = {}
        self._paused: dict[int, float] = {}
        """Partitions that `_consumer` is not assigned, and when they may be resumed (monotonic seconds)."""
        self._out_of_range: set[int] = set()
        """Those of them whose offset does not exist."""
        self._next_fetch = 0.0
        self._consumer: TopicConsumer | None = None
        self._fetched: dict[int, int] = {}
        """The offset that `_consumer` fetches next, of each partition that it is assigned."""
        self._stalls = StallDetector()
        self._topic_id = ""
        """Id of the topic that `_consumer` reads."""
        self._unknown = False
        """Whether `_consumer` reported the topic as unknown: it may take minutes until it asks again."""
        self._watcher = TopicWatcher(topic.name, topic.id)
        self._lag = LagReporter(topic.ends)
        self._watcher.start()
        self._lag.start()

    @property
    def unavailable(self) -> str:
        """Why nothing can be read at the moment, or empty."""
        return self._watcher.unavailable

    def open(self, partition: int, position: Place) -> None:
        """Read `partition` from `position`, which may be of another topic."""
        self._pending[partition] = deque()
        self._positions[partition] = position
        self._paused[partition] = 0.0

    def poll(self, partition: int) -> list[Record]:
        """The records of `partition` since the last call; does not block."""
        pending = self._pending[partition]
        if not pending and (now := monotonic()) >= self._next_fetch:
            self._next_fetch = 0.0 if self._fetch(now) else now + POLL_SECONDS
        if not pending:
            return []
        records = list(pending)
        pending.clear()
        offset = records[-1][0] + 1
        self._positions[partition] = Place(self._topic_id, offset, min(records[-1][1], int(time() * 1000)))
        self._lag.advance(partition, offset)
        return records

    def position(self, partition: int) -> Place:
        """Where to resume behind the records that `poll` returned."""
        return self._positions[partition]

    def close(self, partition: int) -> None:
        """Stop reading `partition`, which may be opened again."""
        del self._pending[partition], self._positions[partition]
        self._out_of_range.discard(partition)
        if self._paused.pop(partition, None) is None and self._consumer is not None:
            self._unassign(self._consumer, partition)
        self._lag.forget(partition)

    def stop(self) -> None:
        """Stop reading for good."""
        self._watcher.close()
        self._lag.close()
        if self._consumer is not None:
            self._consumer.close()

    def _fetch(self, now: float) -> bool:
        topic_id = self._watcher.topic_id
        if topic_id and (topic_id != self._topic_id or self._unknown):
            if any(self._pending.values()):
                return False  # they are of the previous topic
            self._switch_to(topic_id)
        if not topic_id or self._consumer is None:
            return False
        if self._paused:
            self._resume(self._consumer, now)
        for message in (messages := self._consumer.consume()):
            error = message.error()
            if error is not None:
                self._on_error(self._consumer, error, message, now)
                continue
            partition = _required(message.partition())
            record = _required(message.offset()), message.timestamp()[1], message.value() or b""
            if (pending := self._pending.get(partition)) is not None:
                pending.append(record)
                self._lag.newest[partition] = message
                self._fetched_up_to(partition, record[0] + 1)
        if len(messages) < BATCH_SIZE:
            self._replace_if_stalled(now)
        return bool(messages)

    def _on_error(self, consumer: TopicConsumer, error: KafkaError, message: Message, now: float) -> None:
        """An error that the consumer returned in place of a record."""
        if error.code() == KafkaError._PARTITION_EOF:
            # Behind the last record there may be the control record of a transaction, which is never consumed.
            if (partition := _required(message.partition())) in self._pending:
                offset = _required(message.offset())
                self._fetched_up_to(partition, offset)
                self._lag.advance(partition, offset)
        elif error.code() in OFFSET_ERRORS | UNKNOWN_TOPIC_ERRORS:
            partition, action = message.partition(), "reading resumes when Kafka returns the topic's id"
            _log.warning("position_rejected", partition=partition, error=error.str(), action=action)
            self._invalidate(error)
            if partition in self._pending and partition not in self._paused:
                self._unassign(consumer, partition)
                self._paused[partition] = now + _RETRY_SECONDS
                if error.code() in OFFSET_ERRORS:
                    self._out_of_range.add(partition)
        elif error.fatal():
            raise KafkaException(error)
        else:
            self._on_global_error(error)

    def _on_global_error(self, error: KafkaError) -> None:
        """An error without a record. That the topic is unknown is one too, once the consumer is older than its setting
        topic.metadata.propagation.max.ms (30 s)."""
        _log.warning("kafka_error", code=error.name(), error=error.str())
        if error.code() in UNKNOWN_TOPIC_ERRORS:
            self._invalidate(error)

    def _invalidate(self, error: KafkaError) -> None:
        self._unknown = self._unknown or error.code() in UNKNOWN_TOPIC_ERRORS
        self._watcher.invalidate()

    def _switch_to(self, topic_id: str) -> None:
        """Read the topic of that id."""
        previous = {place.topic for place in self._positions.values()} - {"", topic_id}
        if previous:
            _log.warning(
                "topic_replaced",
                topic=self._name,
                old=sorted(previous),
                new=topic_id,
                action="it is read from the time of the last record; what was computed from the previous one stays",
            )
        self._topic_id, self._unknown = topic_id, False
        self._out_of_range.clear()
        self._stalls = StallDetector()
        self._replace_consumer()

    def _fetched_up_to(self, partition: int, offset: int) -> None:
        if partition in self._fetched:  # it may have been unassigned since
            self._fetched[partition] = offset

    def _replace_if_stalled(self, now: float) -> None:
        if stalled := self._stalls.stalled(self._lag.ends, self._fetched, now):
            offsets = {partition: self._fetched[partition] for partition in stalled}
            _log.warning("consumer_stalled", offsets=offsets, action="nothing is lost: a new consumer reads on")
            self._replace_consumer()

    def _replace_consumer(self) -> None:
        """The new one is assigned a partition once the records are taken that the present one fetched of it."""
        if self._consumer is not None:
            self._consumer.close()  # it may report once more that a previous topic is unknown
        self._fetched.clear()
        self._paused = dict.fromkeys(self._pending, 0.0)
        self._consumer = TopicConsumer(self._kafka, self._name, self._on_global_error)

    def _unassign(self, consumer: TopicConsumer, partition: int) -> None:
        self._fetched.pop(partition, None)
        consumer.unassign(partition)

    def _resume(self, consumer: TopicConsumer, now: float) -> None:
        """Assign the paused partitions that are due, once their earlier records are taken."""
        for partition in [paused for paused, due in self._paused.items() if due <= now and not self._pending[paused]]:
            place = self._positions[partition]
            offset = place.offset
            if place.topic not in ("", self._topic_id) or partition in self._out_of_range:
                try:
                    offset = consumer.offset_at(partition, place.at - MARGIN_MS) if place.at else 0
                except KafkaException as error:
                    _log.warning("place_unknown", partition=partition, error=str(error), action="it is sought again")
                    self._paused[partition] = now + _RETRY_SECONDS
                    continue
                _log.info("sought_by_time", partition=partition, place=list(place), offset=offset)
            self._positions[partition] = Place(self._topic_id, offset, place.at)
            self._lag.start_at(partition, offset)
            self._fetched[partition] = offset
            consumer.assign(partition, offset)
            self._out_of_range.discard(partition)
            del self._paused[partition]


def _required(number: int | None) -> int:
    if number is None:
        raise ValueError("a consumed message without partition or offset")
    return number
