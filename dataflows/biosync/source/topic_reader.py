"""The raw topic, partition by partition: what was taken of it, and where to go on.

An offset belongs to one topic, and a topic that is deleted and made again is another one. It is read from its
beginning, through a new consumer (the old one may take all it hears of it for outdated, since the epochs of its leaders
begin anew). Everyone's state stays: what people send goes on, and frames that they send again are known as repeats.
A topic is seen to be another one within a second, and at once when Kafka refuses to go on. Only where it is deleted,
made and filled beyond the old offset within that second can the records behind that offset come first; then they come
a second time, in their order.
"""

from __future__ import annotations

from collections import deque
from time import monotonic

import structlog
from confluent_kafka import KafkaError, KafkaException, Message

from dataflows.biosync.signal.partition import Record
from dataflows.biosync.source.consumer import OFFSET_ERRORS, UNKNOWN_TOPIC_ERRORS, TopicConsumer
from dataflows.biosync.source.lag import LagReporter
from dataflows.biosync.source.topic import Topic
from dataflows.biosync.source.topic_watcher import TopicWatcher

POLL_SECONDS = 0.005
"""How long an empty topic is left alone: the price of it is latency."""
_HOLD_SECONDS = 1.0
"""How long a partition is left alone that Kafka refuses to read."""
_log = structlog.get_logger(__name__)

TopicPosition = tuple[str, int]
"""Where to go on: Kafka's id of a topic, and an offset in it."""
BEGINNING: TopicPosition = ("", 0)
"""The beginning of whatever topic is there."""


class TopicReader:
    """Records of `topic`, by partition."""

    def __init__(self, topic: Topic) -> None:
        self._bootstrap, self._name = topic.bootstrap, topic.name
        self._waiting: dict[int, deque[Record]] = {}
        self._places: dict[int, TopicPosition] = {}
        self._held: dict[int, float] = {}
        """Partitions that `_reader` does not read, and from when on it may (monotonic seconds)."""
        self._gone: set[int] = set()
        """Those of them of whose place Kafka says that it is not there."""
        self._due = 0.0
        self._reader: TopicConsumer | None = None
        self._reading = ""
        """Id of the topic that `_reader` reads."""
        self._lost = False
        """Whether `_reader` was told that there is no such topic: it may take minutes until it asks again."""
        self._watch = TopicWatcher(topic.name, topic.id)
        self._lag = LagReporter(self._end)
        self._watch.start()
        self._lag.start()

    @property
    def unavailable(self) -> str:
        """Why nothing can be read just now, or empty."""
        return self._watch.unavailable

    def open(self, partition: int, place: TopicPosition) -> None:
        """Read `partition` from `place`, or from its oldest record when that is of another topic."""
        self._waiting[partition] = deque()
        self._places[partition] = place
        self._held[partition] = 0.0

    def poll(self, partition: int) -> list[Record]:
        """What came for `partition` since the last call; does not wait."""
        waiting = self._waiting[partition]
        if not waiting and (now := monotonic()) >= self._due:
            self._due = 0.0 if self._fetch(now) else now + POLL_SECONDS
        if not waiting:
            return []
        records = list(waiting)
        waiting.clear()
        past = records[-1][0] + 1
        self._places[partition] = self._reading, past
        self._lag.advance(partition, past)
        return records

    def position(self, partition: int) -> TopicPosition:
        """Where to go on behind what was taken."""
        return self._places[partition]

    def close(self, partition: int) -> None:
        """Stop reading `partition`; the last one closes the consumer."""
        del self._waiting[partition]
        if self._waiting:
            if self._held.pop(partition, None) is None and self._reader is not None:
                self._reader.unassign(partition)
        else:
            self._watch.close()
            self._lag.close()
            if self._reader is not None:
                self._reader.close()

    def _fetch(self, now: float) -> bool:
        there = self._watch.topic_id
        if there and (there != self._reading or self._lost):
            if any(self._waiting.values()):
                return False  # they are of the topic before
            self._begin(there)
        if not there or self._reader is None:
            return False
        if self._held:
            self._go_on(self._reader, now)
        for message in (messages := self._reader.consume()):
            error = message.error()
            if error is not None:
                self._told(self._reader, error, message, now)
                continue
            partition = _sure(message.partition())
            self._waiting[partition].append((_sure(message.offset()), message.value() or b""))
            self._lag.newest[partition] = message
        return bool(messages)

    def _told(self, reader: TopicConsumer, error: KafkaError, message: Message, now: float) -> None:
        """What the consumer says instead of a record."""
        if error.code() == KafkaError._PARTITION_EOF:
            # Behind the last record there may be a transaction's marker, which is no record to wait for.
            self._lag.advance(_sure(message.partition()), _sure(message.offset()))
        elif error.code() in OFFSET_ERRORS | UNKNOWN_TOPIC_ERRORS:
            partition, then = message.partition(), "going on when Kafka has said which topic is there"
            _log.warning("place_refused", partition=partition, what=error.str(), then=then)
            self._doubt(error)
            if partition in self._waiting and partition not in self._held:
                reader.unassign(partition)
                self._held[partition] = now + _HOLD_SECONDS
                if error.code() in OFFSET_ERRORS:
                    self._gone.add(partition)
        elif error.fatal():
            raise KafkaException(error)
        else:
            self._complain(error)

    def _complain(self, error: KafkaError) -> None:
        """Of what is told beside the records: that the topic is gone too, once the consumer is as old as its setting
        topic.metadata.propagation.max.ms says (30 s)."""
        _log.warning("kafka_error", code=error.name(), what=error.str())
        if error.code() in UNKNOWN_TOPIC_ERRORS:
            self._doubt(error)

    def _doubt(self, error: KafkaError) -> None:
        self._lost = self._lost or error.code() in UNKNOWN_TOPIC_ERRORS
        self._watch.invalidate()

    def _begin(self, topic: str) -> None:
        """Read the topic of that id."""
        before = {known for known, _ in self._places.values()} - {"", topic}
        if before:
            _log.warning(
                "topic_replaced",
                topic=self._name,
                was=sorted(before),
                now=topic,
                then="it is read from its beginning; what was computed from the one before stays",
            )
        if self._reader is not None:
            self._reader.close()  # it may tell once more that the topic before is gone
        self._reading, self._lost = topic, False
        self._held = dict.fromkeys(self._waiting, 0.0)
        self._gone.clear()
        self._reader = TopicConsumer(self._bootstrap, self._name, self._complain)

    def _go_on(self, reader: TopicConsumer, now: float) -> None:
        """Read what was held, once all is taken that was read of it before."""
        for partition in [held for held, due in self._held.items() if due <= now and not self._waiting[held]]:
            known, offset = self._places[partition]
            if known not in ("", self._reading) or partition in self._gone:
                offset = 0
            self._places[partition] = self._reading, offset
            self._lag.start_at(partition, offset)
            reader.assign(partition, offset)
            self._gone.discard(partition)
            del self._held[partition]

    def _end(self, partition: int) -> int | None:
        reader = self._reader
        return reader.high_watermark(partition) if reader else None


def _sure(number: int | None) -> int:
    if number is None:
        raise ValueError("a consumed message without partition or offset")
    return number
