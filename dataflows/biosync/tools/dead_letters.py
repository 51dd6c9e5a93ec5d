"""Replays dead letters to the topic that they came from, each exactly once; results stay.

A replayed dead letter is followed by a record with its key and no value (a tombstone) in the dead letter topic. Its
value on the raw topic and its tombstone are one Kafka transaction: after a crash both exist or neither does, and the
dataflow reads only committed ones. A replay fences earlier producers of the same transactional id before it reads the
tombstones: of two concurrent replays the earlier one fails, and nothing is replayed twice.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from contracts.connections import KafkaClient
from contracts.platform import TOPIC_SERVICES_DEAD
from contracts.records import (
    DEAD_LETTER_BYTES,
    DeadLetter,
    StoredFrame,
    partition_of,
    read_dead_letter,
    read_erasure,
    unpack,
)
from dataflows.biosync.signal.partition import PartitionState
from dataflows.biosync.signal.rules import Rules

BATCH_SIZE = 200
"""Dead letters per transaction."""
_SECONDS = 30.0
_QUIET = {"log_level": 2}
"""librdkafka writes what is below critical to standard error, beside the exception that says it too."""
_TRANSACTION_MS = 10_000


class Entry(msgspec.Struct, frozen=True):
    """A dead letter: topic, partition and offset where it lies; `at` is the time of writing in Unix ms."""

    letter: DeadLetter
    topic: str
    partition: int
    offset: int
    at: int
    replayed: bool

    @property
    def users(self) -> list[str]:
        """The users of its frames, or the one of a result or record; empty when they cannot be decoded."""
        try:
            if self.letter.kind != "frames":
                return [str(json.loads(self.letter.value)["user"])]
            return sorted({frame.user for frame in _frames(self.letter)} or {read_erasure(self.letter.value).user})
        except (msgspec.DecodeError, ValueError, LookupError, TypeError, RecursionError):
            return []


def _frames(letter: DeadLetter) -> list[StoredFrame]:
    """None of an erasure, which a dataflow of an older release did not know. Raises msgspec.DecodeError."""
    try:
        return unpack(letter.value)
    except msgspec.DecodeError:
        read_erasure(letter.value)
        return []


class DeadLetterTopic:
    """The dead letter topic of a stream that reads `raw` with `rules`. Methods raise KafkaException."""

    def __init__(self, kafka: KafkaClient, topic: str, raw: str, rules: Rules) -> None:
        self._kafka = kafka
        self._topic = topic
        self._raw = raw
        self._rules = rules

    def entries(self) -> list[Entry]:
        """All dead letters, oldest first, without duplicates. Records that are no dead letters are skipped."""
        found: dict[str, Entry] = {}
        replayed: set[str] = set()
        for message in self._messages():
            value = message.value()
            if value is None:
                replayed.add((message.key() or b"").decode(errors="replace"))
                continue
            try:
                letter = read_dead_letter(value)
            except msgspec.DecodeError:
                continue
            partition, offset = message.partition() or 0, message.offset() or 0
            found.setdefault(letter.key, Entry(letter, self._topic, partition, offset, message.timestamp()[1], False))
        return [msgspec.structs.replace(entry, replayed=key in replayed) for key, entry in found.items()]

    def of_services(self) -> DeadLetterTopic:
        """The topic of the records that readers of services could not apply."""
        return DeadLetterTopic(self._kafka, TOPIC_SERVICES_DEAD, self._raw, self._rules)

    def rejection(self, letter: DeadLetter, partitions: int) -> str:
        """Why the dead letter still cannot be processed, or empty; `partitions` is the number of the raw topic."""
        if letter.kind == "record":
            return "it is not replayed: have its writer mended, which then sends another record"
        if letter.kind != "frames":
            what = "row of the history" if letter.kind == "row" else "stress event"
            return f"a {what} is a result and is not replayed: its beats were processed, and only it is missing"
        if letter.topic != self._raw:
            return f"it is of topic {letter.topic}, and this stream reads {self._raw}"
        record = letter.offset, round(time.time() * 1000), letter.value
        output = PartitionState(letter.topic, letter.partition, self._rules, {}).step([record])
        if output.dead_letters:
            return output.dead_letters[0].reason
        if not partitions:
            return f"topic {self._raw} does not exist"
        for frame in _frames(letter):
            current = partition_of(frame.user, partitions)
            if current != letter.partition:
                return f"{frame.user} belongs to partition {current} now that the topic has {partitions}"
        return ""

    def partitions(self) -> int:
        """The number of partitions of the raw topic; 0 when it does not exist."""
        consumer = self._consumer()
        try:
            return len(consumer.list_topics(self._raw, _SECONDS).topics[self._raw].partitions)
        finally:
            consumer.close()

    def replay(self) -> tuple[list[Entry], list[tuple[Entry, str]]]:
        """Replay what can be processed, in the original order; returns that, and the rest with the reasons.

        When this fails, what was replayed is marked so, and the rest is left for the next replay.
        """
        producer = Producer(
            {
                **self._kafka,
                **_QUIET,
                "transactional.id": f"{self._topic}-replay",
                "compression.type": "lz4",
                "message.max.bytes": DEAD_LETTER_BYTES,
                # Consumers wait behind an open transaction: if this process is killed, no longer than this.
                "transaction.timeout.ms": _TRANSACTION_MS,
            }
        )
        producer.init_transactions(_SECONDS)
        partitions = self.partitions()
        pending = sorted(
            (entry for entry in self.entries() if not entry.replayed),
            key=lambda entry: (entry.letter.topic, entry.letter.partition, entry.letter.offset, entry.offset),
        )
        checked = [(entry, self.rejection(entry.letter, partitions)) for entry in pending]
        replayable = [entry for entry, reason in checked if not reason]
        for start in range(0, len(replayable), BATCH_SIZE):
            producer.begin_transaction()
            try:
                for entry in replayable[start : start + BATCH_SIZE]:
                    letter = entry.letter
                    producer.produce(letter.topic, letter.value, partition=letter.partition)
                    producer.produce(self._topic, None, letter.key)
                producer.commit_transaction(_TRANSACTION_MS / 1000)
            except BaseException:
                producer.abort_transaction(_SECONDS)
                raise
        return replayable, [(entry, reason) for entry, reason in checked if reason]

    def _messages(self) -> Iterator[Message]:
        """All records of the topic up to its current end."""
        consumer = self._consumer()
        try:
            partitions = consumer.list_topics(self._topic, _SECONDS).topics[self._topic].partitions
            remaining = set(partitions)
            consumer.assign([TopicPartition(self._topic, number, OFFSET_BEGINNING) for number in partitions])
            while remaining:
                message = consumer.poll(_SECONDS)
                if message is None:
                    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"{self._topic} returns no more records"))
                error = message.error()
                if error is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:
                    remaining.discard(message.partition() or 0)
                else:
                    raise KafkaException(error)
        finally:
            consumer.close()

    def _consumer(self) -> Consumer:
        return Consumer(
            {
                **self._kafka,
                **_QUIET,
                "group.id": f"{self._topic}-reader",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
            }
        )
