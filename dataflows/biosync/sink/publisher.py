"""What goes back to Kafka: stress events and dead letters. At least once; keys let a reader drop repeats.

A letter that Kafka does not take, because its topic is away or it is too large, stays in the box and is tried again;
others go past it, unless there are more of its kind than are looked at together.
"""

from __future__ import annotations

from functools import partial
from threading import Thread

import msgspec
import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from contracts.records import DEAD_LETTER_BYTES
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.sink.buffer import Buffer

_AT_ONCE = 500
_PAUSE = 0.05
_log = structlog.get_logger(__name__)


class ProducerRecord(msgspec.Struct, array_like=True, frozen=True):
    """A message to be put on a topic."""

    topic: str
    key: str
    value: bytes


class Publisher:
    """Sends what is in `box` until Kafka has it on all in-sync replicas; a thread of its own."""

    def __init__(self, bootstrap: str, box: Buffer[str, ProducerRecord], stopping: Shutdown) -> None:
        self._bootstrap = bootstrap
        self._box = box
        self._stopping = stopping
        self._under_way: dict[tuple[int, str], ProducerRecord] = {}
        self._complained: set[tuple[str, str]] = set()
        """Topics and errors that the log has: a letter is tried again many times a second."""
        self._producer = self._fresh()

    def start(self) -> None:
        Thread(target=self._run, name="letters", daemon=True).start()

    def _fresh(self) -> Producer:
        return Producer(
            {
                "bootstrap.servers": self._bootstrap,
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 5,
                "compression.type": "lz4",
                "message.max.bytes": DEAD_LETTER_BYTES,
                "message.timeout.ms": 60_000,
                "reconnect.backoff.max.ms": 1000,
                # So soon a topic is taken for gone, and noticed when it is there again: what is kept is sent then.
                "topic.metadata.propagation.max.ms": 5_000,
                "topic.metadata.refresh.interval.ms": 5_000,
            }
        )

    def _run(self) -> None:
        while not self._stopping.finished:
            refused = False
            for key, letter in self._box.peek(_AT_ONCE, patience=_PAUSE).items():
                if key in self._under_way:
                    continue
                try:
                    self._producer.produce(
                        letter.topic, letter.value, letter.key, on_delivery=partial(self._delivered, key, letter)
                    )
                except BufferError:
                    break
                except KafkaException as error:
                    refused = True
                    self._kept(letter, error.args[0])
                else:
                    self._under_way[key] = letter
            if self._under_way or refused:
                self._hear()

    def _hear(self) -> None:
        """Take the reports of what was delivered."""
        try:
            self._producer.poll(_PAUSE)
        except KafkaException as error:  # raised once, by a producer that can't go on
            _log.warning("producer_replaced", what=error.args[0].str(), then="what it had is sent again")
            self._producer, self._under_way = self._fresh(), {}

    def _delivered(self, key: tuple[int, str], letter: ProducerRecord, error: KafkaError | None, _: Message) -> None:
        self._under_way.pop(key, None)
        if error is None:
            self._complained = {told for told in self._complained if told[0] != letter.topic}
            self._box.acknowledge({key: letter})
        else:
            self._kept(letter, error)

    def _kept(self, letter: ProducerRecord, error: KafkaError) -> None:
        if (told := (letter.topic, error.name())) not in self._complained:
            self._complained.add(told)
            _log.warning("not_delivered", topic=letter.topic, key=letter.key, code=told[1], then="kept, sent again")
