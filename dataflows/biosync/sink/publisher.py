"""Publishes stress events and dead letters to Kafka. At least once; keys let a consumer drop duplicates.

A record that Kafka does not accept, because its topic does not exist or it is too large, stays in the buffer and is
retried. Others overtake it, unless a whole batch is made of such records.
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

_BATCH_SIZE = 500
_TIMEOUT_SECONDS = 0.05
_log = structlog.get_logger(__name__)


class ProducerRecord(msgspec.Struct, array_like=True, frozen=True):
    """A record to be produced to a topic."""

    topic: str
    key: str
    value: bytes


class Publisher:
    """Produces the records of `buffer` until all in-sync replicas have them; a thread of its own."""

    def __init__(self, bootstrap: str, buffer: Buffer[str, ProducerRecord], shutdown: Shutdown) -> None:
        self._bootstrap = bootstrap
        self._buffer = buffer
        self._shutdown = shutdown
        self._in_flight: dict[tuple[int, str], ProducerRecord] = {}
        self._logged: set[tuple[str, str]] = set()
        """Topics and errors that were logged: a record is retried many times a second."""
        self._producer = self._create_producer()

    def start(self) -> None:
        Thread(target=self._run, name="publisher", daemon=True).start()

    def _create_producer(self) -> Producer:
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
                # How soon a missing topic counts as unknown, and its return is noticed: then its records are sent.
                "topic.metadata.propagation.max.ms": 5_000,
                "topic.metadata.refresh.interval.ms": 5_000,
            }
        )

    def _run(self) -> None:
        while not self._shutdown.finished:
            failed = False
            for key, record in self._buffer.peek(_BATCH_SIZE, timeout=_TIMEOUT_SECONDS).items():
                if key in self._in_flight:
                    continue
                try:
                    self._producer.produce(
                        record.topic, record.value, record.key, on_delivery=partial(self._on_delivery, key, record)
                    )
                except BufferError:
                    break
                except KafkaException as error:
                    failed = True
                    self._on_failure(record, error.args[0])
                else:
                    self._in_flight[key] = record
            if self._in_flight or failed:
                self._poll()

    def _poll(self) -> None:
        """Serve delivery reports."""
        try:
            self._producer.poll(_TIMEOUT_SECONDS)
        except KafkaException as error:  # raised once, on a fatal error of the producer
            _log.warning("producer_replaced", error=error.args[0].str(), action="its records are sent again")
            self._producer, self._in_flight = self._create_producer(), {}

    def _on_delivery(self, key: tuple[int, str], record: ProducerRecord, error: KafkaError | None, _: Message) -> None:
        self._in_flight.pop(key, None)
        if error is None:
            self._logged = {logged for logged in self._logged if logged[0] != record.topic}
            self._buffer.acknowledge({key: record})
        else:
            self._on_failure(record, error)

    def _on_failure(self, record: ProducerRecord, error: KafkaError) -> None:
        if (failure := (record.topic, error.name())) not in self._logged:
            self._logged.add(failure)
            _log.warning("not_delivered", topic=record.topic, key=record.key, code=failure[1], action="it is retried")
