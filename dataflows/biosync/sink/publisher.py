"""Publishes stress events and dead letters to Kafka. At least once; keys let a consumer drop duplicates.

A record whose topic does not exist stays in the buffer and is retried; others overtake it. One that Kafka refuses for
what it is (too large for its topic) is sent once more alone, since Kafka refuses the whole batch that holds it. Then it
becomes a dead letter; a dead letter is cut until it fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from threading import Thread

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from contracts.broker_watch import BrokerWatch
from contracts.connections import KafkaClient
from contracts.records import DEAD_LETTER_BYTES
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.sink.buffer import Buffer
from dataflows.biosync.sink.health import SinkHealth
from dataflows.biosync.sink.rejections import ProducerRecord, Rejections

_BATCH_SIZE = 500
_TIMEOUT_SECONDS = 0.05
_REFUSED = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG_SIZE, KafkaError.INVALID_RECORD}
"""Error codes that are about the record, or another one of its batch."""
_Key = tuple[int, str]
_log = structlog.get_logger(__name__)


class Publisher:
    """Produces the records of `buffer` until all in-sync replicas have them; a thread of its own."""

    def __init__(
        self, kafka: KafkaClient, buffer: Buffer[str, ProducerRecord], rejections: Rejections, shutdown: Shutdown
    ) -> None:
        self._kafka = kafka
        self._buffer = buffer
        self._rejections = rejections
        self._shutdown = shutdown
        self._in_flight: dict[_Key, ProducerRecord] = {}
        self._suspects: dict[_Key, ProducerRecord] = {}
        """Records that were refused in a batch: each is sent alone."""
        self._health: dict[str, SinkHealth] = {}
        """By topic."""
        self._logged: set[tuple[str, str]] = set()
        """Topics and errors that were logged: a record is retried many times a second."""
        self._watch = BrokerWatch()
        self._producer = self._create_producer()

    def start(self) -> None:
        Thread(target=self._run, name="publisher", daemon=True).start()

    @property
    def stalled(self) -> str:
        """Which topic has accepted nothing for a minute although there are records for it, and why; or empty."""
        return next((why for health in list(self._health.values()) if (why := health.stalled)), "")

    def _create_producer(self) -> Producer:
        return Producer(
            {
                **self._kafka,
                **self._watch.settings,
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
            try:
                self._produce(self._buffer.peek(_BATCH_SIZE, timeout=_TIMEOUT_SECONDS))
            except Exception as error:  # a thread that ends would publish nothing for good
                _log.exception("not_published", error=str(error), action="it is tried again")
                self._shutdown.wait(_TIMEOUT_SECONDS)

    def _produce(self, batch: Mapping[_Key, ProducerRecord]) -> None:
        failed = False
        busy = {record.topic for record in self._in_flight.values()}
        alone = {self._in_flight[key].topic for key in self._suspects if key in self._in_flight}
        for key, record in batch.items():
            suspected = self._suspects.get(key) is record
            if key in self._in_flight or record.topic in alone or (suspected and record.topic in busy):
                continue
            self._of(record.topic).waiting()
            try:
                self._producer.produce(
                    record.topic, record.value, record.key, on_delivery=partial(self._on_delivery, key, record)
                )
            except BufferError:
                break
            except KafkaException as error:
                failed = True
                self._on_failure(key, record, error.args[0])
            except (ValueError, OverflowError) as error:  # the client library cannot encode it
                self._reject(key, record, error)
            else:
                self._in_flight[key] = record
                busy.add(record.topic)
                if suspected:
                    alone.add(record.topic)
        self._poll(_TIMEOUT_SECONDS if self._in_flight or failed else 0)
        if len(batch) < _BATCH_SIZE:  # there is nothing else to publish
            self._forget_others(batch)

    def _forget_others(self, batch: Mapping[_Key, ProducerRecord]) -> None:
        """What was given up, with its partition, neither waits nor is suspected any more."""
        kept = batch.keys() | self._in_flight.keys()
        self._suspects = {key: record for key, record in self._suspects.items() if key in kept}
        topics = {record.topic for record in (*batch.values(), *self._in_flight.values())}
        for topic, health in self._health.items():
            if topic not in topics:
                health.idle()

    def _poll(self, seconds: float) -> None:
        """Serve delivery reports, for at most so long."""
        try:
            self._producer.poll(seconds)
        except KafkaException as error:  # raised once, on a fatal error of the producer
            self._replace_producer(error.args[0].str())
        if self._watch.lost:
            self._replace_producer("the client knows no broker any more")

    def _replace_producer(self, error: str) -> None:
        _log.warning("producer_replaced", error=error, action="its records are sent again")
        self._watch = BrokerWatch()
        self._producer, self._in_flight = self._create_producer(), {}

    def _on_delivery(self, key: _Key, record: ProducerRecord, error: KafkaError | None, _: Message) -> None:
        self._in_flight.pop(key, None)
        if error is None:
            self._logged = {logged for logged in self._logged if logged[0] != record.topic}
            self._suspects.pop(key, None)
            self._buffer.acknowledge({key: record})
            self._of(record.topic).idle()
        else:
            self._on_failure(key, record, error)

    def _on_failure(self, key: _Key, record: ProducerRecord, error: KafkaError) -> None:
        self._of(record.topic).failed(error.str())
        if error.code() in _REFUSED:
            if self._suspects.get(key) is record:
                self._reject(key, record, KafkaException(error))
            else:
                self._suspects[key] = record
        elif (failure := (record.topic, error.name())) not in self._logged:
            self._logged.add(failure)
            _log.warning("not_delivered", topic=record.topic, key=record.key, code=failure[1], action="it is retried")

    def _reject(self, key: _Key, record: ProducerRecord, error: Exception) -> None:
        self._suspects.pop(key, None)
        self._rejections.refused(key[0], record, error)
        self._buffer.acknowledge({key: record})
        self._of(record.topic).idle()

    def _of(self, topic: str) -> SinkHealth:
        return self._health.setdefault(topic, SinkHealth(f"publisher (topic {topic})"))
