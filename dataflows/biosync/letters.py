"""What goes back to Kafka: stress events and dead letters. At least once; keys let a reader drop repeats."""

from __future__ import annotations

from functools import partial
from threading import Thread

import msgspec
import structlog
from confluent_kafka import KafkaError, Message, Producer

from dataflows.biosync.box import Box
from dataflows.biosync.stopping import Stopping

_AT_ONCE = 500
_PAUSE = 0.05
_log = structlog.get_logger(__name__)


class Letter(msgspec.Struct, array_like=True, frozen=True):
    """A message to be put on a topic."""

    topic: str
    key: str
    value: bytes


class Letters:
    """Sends what is in `box` until Kafka has it on all in-sync replicas; a thread of its own."""

    def __init__(self, bootstrap: str, box: Box[str, Letter], stopping: Stopping) -> None:
        self._box = box
        self._stopping = stopping
        self._under_way: dict[tuple[int, str], Letter] = {}
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 5,
                "compression.type": "lz4",
                "message.timeout.ms": 60_000,
                "reconnect.backoff.max.ms": 1000,
            }
        )

    def start(self) -> None:
        Thread(target=self._run, name="letters", daemon=True).start()

    def _run(self) -> None:
        while not self._stopping.over:
            for key, letter in self._box.some(_AT_ONCE, patience=_PAUSE).items():
                if key in self._under_way:
                    continue
                try:
                    self._producer.produce(
                        letter.topic, letter.value, letter.key, on_delivery=partial(self._delivered, key, letter)
                    )
                except BufferError:
                    break
                self._under_way[key] = letter
            if self._under_way:
                self._producer.poll(_PAUSE)

    def _delivered(self, key: tuple[int, str], letter: Letter, error: KafkaError | None, _: Message) -> None:
        del self._under_way[key]
        if error is None:
            self._box.settle({key: letter})
        else:
            _log.warning(
                "not_delivered", topic=letter.topic, key=letter.key, code=error.name(), then="kept, sent again"
            )
