"""Writes records to Kafka with all in-sync replicas' acknowledgement, in order, each once per attempt of a client.

This is confluent-kafka (librdkafka) and not aiokafka, the client used elsewhere: on the same load of ten-beat frames a
core carried 5,300 frames a second with aiokafka and a record a frame, 8,300 with librdkafka and a record a frame,
11,500 with librdkafka and records packed as here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from confluent_kafka import KafkaError, KafkaException, Producer

from contracts.records import pack
from services.ingest.delivery.batching import Batch
from services.kit import logs

log = logs.get(__name__)

METADATA_SECONDS = 5.0
POLL_SECONDS = 0.003
"""Between looks for delivery reports while any is owed: librdkafka has no descriptor that an event loop could watch."""

Delivered = Callable[[Batch, KafkaError | None], None]


class Topic:
    """Writer of one topic. `delivered` hears of every batch once: stored, or the error that kept it from being so.

    A broker that is away is no such error: librdkafka waits for it as long as it takes (the bound on what waits is the
    caller's) and keeps the order, as the producer is idempotent.
    """

    def __init__(self, bootstrap: str, topic: str, delivered: Delivered) -> None:
        self.topic = topic
        self._delivered = delivered
        self._owed = 0
        self._waiting: list[Batch] = []
        self._poll: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "acks": "all",
                "enable.idempotence": True,
                "message.timeout.ms": 0,
                # Records come packed every few milliseconds, one a partition: wait only to send them in one request.
                "linger.ms": 1,
                "socket.nagle.disable": True,
                "reconnect.backoff.ms": 50,
                "reconnect.backoff.max.ms": 500,
                "error_cb": self._troubled,
            }
        )

    async def partitions(self) -> int:
        """How many partitions the topic has; raises LookupError while it has none or no broker answers."""
        try:
            found = await asyncio.to_thread(self._producer.list_topics, self.topic, METADATA_SECONDS)
        except KafkaException as error:
            raise LookupError(f"no Kafka broker answers: {error.args[0].str()}") from error
        count = len(found.topics[self.topic].partitions)
        if not count:
            raise LookupError(f"topic {self.topic} does not exist; the BioStream operator creates it")
        return count

    def write(self, batch: Batch) -> None:
        """Hands the batch over; returns at once."""
        self._waiting.append(batch)
        self._hand_over()
        self._schedule()

    async def drain(self, seconds: float) -> int:
        """Waits until nothing is owed, for at most `seconds`; gives the number of records that still are."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        return self._owed + len(self._waiting)

    def _hand_over(self) -> None:
        while self._waiting:
            batch = self._waiting[0]
            try:
                self._producer.produce(
                    self.topic,
                    pack(batch.frames),
                    partition=batch.partition,
                    on_delivery=lambda error, _message, batch=batch: self._report(batch, error),
                )
            except BufferError:  # librdkafka's own queue is full; the order is kept, and polling makes room
                return
            except KafkaException as error:  # a partition that is gone, or a producer that cannot go on
                self._waiting.pop(0)
                self._delivered(batch, error.args[0])
                continue
            self._waiting.pop(0)
            self._owed += 1

    def _report(self, batch: Batch, error: KafkaError | None) -> None:
        self._owed -= 1
        self._delivered(batch, error)

    def _schedule(self) -> None:
        if not self._owed and not self._waiting:
            self._idle.set()
        elif self._poll is None:
            self._idle.clear()
            self._poll = asyncio.get_running_loop().call_later(POLL_SECONDS, self._look)

    def _look(self) -> None:
        self._poll = None
        try:
            self._producer.poll(0)
        except KafkaException as error:  # raised once, by a producer that can't go on: it refuses whatever comes now
            log.critical("kafka_producer_ended", error=error.args[0].str())
        self._hand_over()
        self._schedule()

    def _troubled(self, error: KafkaError) -> None:
        log.warning("kafka_troubled", error=error.str(), fatal=error.fatal())
