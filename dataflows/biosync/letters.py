"""What goes back to Kafka: stress events and dead letters. At least once; keys let a reader drop repeats."""

from __future__ import annotations

import msgspec
import structlog
from confluent_kafka import KafkaError, Message, Producer

from contracts.records import DeadLetter, StressEvent
from dataflows.biosync.stopping import Stopping

_log = structlog.get_logger(__name__)


class Letters:
    """Producer of the topics `events` (JSON of StressEvent, keyed by event id) and `dead` (MessagePack of DeadLetter)."""

    def __init__(self, bootstrap: str, events: str, dead: str, stopping: Stopping) -> None:
        self._events = events
        self._dead = dead
        self._stopping = stopping
        self._refused: list[tuple[str, bytes | None, bytes | None]] = []
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 5,
                "compression.type": "lz4",
                "delivery.timeout.ms": 2_147_483_647,
                "reconnect.backoff.max.ms": 1000,
                "queue.buffering.max.messages": 20_000,
            }
        )

    def event(self, event: StressEvent) -> None:
        self._send(self._events, event.event_id.encode(), msgspec.json.encode(event))

    def dead(self, letter: DeadLetter) -> None:
        key = f"{letter.topic}/{letter.partition}/{letter.offset}".encode()
        self._send(self._dead, key, msgspec.msgpack.encode(letter))

    def flush(self) -> None:
        """Wait until Kafka has everything; raises Stopped when the process is asked to end before."""
        while self._producer.flush(0.05) or self._refused:
            refused, self._refused = self._refused, []
            for topic, key, value in refused:
                self._send(topic, key, value)
            self._stopping.wait(0.05)

    def _send(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        for _ in self._stopping.attempts():
            try:
                self._producer.produce(topic, value, key, on_delivery=self._delivered)
                self._producer.poll(0)
                return
            except BufferError:
                self._producer.poll(0.1)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            return
        topic = message.topic() or ""
        _log.warning("not_delivered", topic=topic, code=error.name(), what="kept and sent again")
        self._refused.append((topic, message.key(), message.value()))
