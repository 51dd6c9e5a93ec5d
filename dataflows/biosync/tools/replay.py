"""Dead letters put back on the topic that they came from, each once.

A replayed letter is followed by a record with its key and no value (a tombstone) in the dead letter topic. Its value on
the raw topic and its tombstone are one Kafka transaction: whatever dies, both are there or neither is, and the dataflow
reads neither before. Who replays takes the transactional id over from whoever did before, and looks for tombstones only
then: of two at once the earlier one fails, and nothing is put back twice.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from contracts.records import DEAD_LETTER_BYTES, DeadLetter, partition_of, unpack
from dataflows.biosync.signal.partition import PartitionState
from dataflows.biosync.signal.rules import Rules

BATCH_SIZE = 200
"""Letters a transaction."""
_SECONDS = 30.0
_OPEN_MS = 10_000


class Entry(msgspec.Struct, frozen=True):
    """A letter as the topic holds it: `at` is when it was written, in Unix ms; `offset` where it lies in there."""

    letter: DeadLetter
    offset: int
    at: int
    replayed: bool

    @property
    def users(self) -> list[str]:
        """Whose beats these are; empty when that can't be read."""
        try:
            return sorted({frame.user for frame in unpack(self.letter.value)})
        except msgspec.DecodeError:
            return []


class DeadLetterTopic:
    """The dead letters of a stream, which reads `raw` by `rules`. Methods raise KafkaException."""

    def __init__(self, bootstrap: str, topic: str, raw: str, rules: Rules) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._raw = raw
        self._rules = rules

    def entries(self) -> list[Entry]:
        """All letters, oldest first; one that was written twice is one. What is no letter is left out."""
        found: dict[str, tuple[DeadLetter, int, int]] = {}
        replayed: set[str] = set()
        for message in self._messages():
            value = message.value()
            if value is None:
                replayed.add((message.key() or b"").decode())
                continue
            try:
                letter = msgspec.msgpack.decode(value, type=DeadLetter)
            except msgspec.DecodeError:
                continue
            found.setdefault(letter.key, (letter, message.offset() or 0, message.timestamp()[1]))
        return [Entry(letter, offset, at, key in replayed) for key, (letter, offset, at) in found.items()]

    def rejection(self, letter: DeadLetter, partitions: int) -> str:
        """Why the letter can't be processed today either, or nothing; `partitions` are those of the raw topic."""
        if letter.topic != self._raw:
            return f"it is of topic {letter.topic}, and this stream reads {self._raw}"
        output = PartitionState(letter.topic, letter.partition, self._rules, {}).step([(letter.offset, letter.value)])
        if output.dead_letters:
            return output.dead_letters[0].reason
        if not partitions:
            return f"there is no topic {self._raw} just now"
        for frame in unpack(letter.value):
            now = partition_of(frame.user, partitions)
            if now != letter.partition:
                return f"{frame.user} belongs to partition {now} now that the topic has {partitions}"
        return ""

    def partitions(self) -> int:
        """How many partitions the raw topic has; 0 when there is no such topic."""
        consumer = self._consumer()
        try:
            return len(consumer.list_topics(self._raw, _SECONDS).topics[self._raw].partitions)
        finally:
            consumer.close()

    def replay(self) -> tuple[list[Entry], list[tuple[Entry, str]]]:
        """Puts back what can be processed, in the order in which it lay; gives that, and the rest with its reasons.

        When this fails, what was put back is marked so, and the rest waits for the next time.
        """
        producer = Producer(
            {
                "bootstrap.servers": self._bootstrap,
                "transactional.id": f"{self._topic}-replay",
                "compression.type": "lz4",
                "message.max.bytes": DEAD_LETTER_BYTES,
                # Readers wait behind an open transaction: if we are killed, no longer than this.
                "transaction.timeout.ms": _OPEN_MS,
            }
        )
        producer.init_transactions(_SECONDS)
        partitions = self.partitions()
        waiting = sorted(
            (entry for entry in self.entries() if not entry.replayed),
            key=lambda entry: (entry.letter.topic, entry.letter.partition, entry.letter.offset, entry.offset),
        )
        judged = [(entry, self.rejection(entry.letter, partitions)) for entry in waiting]
        able = [entry for entry, why in judged if not why]
        for start in range(0, len(able), BATCH_SIZE):
            producer.begin_transaction()
            try:
                for entry in able[start : start + BATCH_SIZE]:
                    letter = entry.letter
                    producer.produce(letter.topic, letter.value, partition=letter.partition)
                    producer.produce(self._topic, None, letter.key)
                producer.commit_transaction(_OPEN_MS / 1000)
            except BaseException:
                producer.abort_transaction(_SECONDS)
                raise
        return able, [(entry, why) for entry, why in judged if why]

    def _messages(self) -> Iterator[Message]:
        """Everything that the topic holds now."""
        consumer = self._consumer()
        try:
            numbers = consumer.list_topics(self._topic, _SECONDS).topics[self._topic].partitions
            left = set(numbers)
            consumer.assign([TopicPartition(self._topic, number, OFFSET_BEGINNING) for number in numbers])
            while left:
                message = consumer.poll(_SECONDS)
                if message is None:
                    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"{self._topic} gives no more records"))
                error = message.error()
                if error is None:
                    yield message
                elif error.code() == KafkaError._PARTITION_EOF:
                    left.discard(message.partition() or 0)
                else:
                    raise KafkaException(error)
        finally:
            consumer.close()

    def _consumer(self) -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": f"{self._topic}-reader",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
            }
        )
