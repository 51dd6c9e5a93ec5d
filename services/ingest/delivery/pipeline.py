"""The delivery of frames: batched, written to Kafka, and acknowledged for all connections by one callback."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from confluent_kafka import KafkaError
from websockets.frames import CloseCode

from contracts.connections import KafkaClient
from contracts.records import StoredFrame
from services.ingest import metrics
from services.ingest.delivery.backpressure import Backlog
from services.ingest.delivery.batching import Batch, Batcher
from services.ingest.delivery.producer import BatchProducer
from services.ingest.registry import UserConnection
from services.ingest.websocket.framing import Close
from services.kit import logs

log = logs.get(__name__)

ACKS_PER_ITERATION = 500
"""Acknowledgements in one iteration of the event loop: after a stall tens of thousands are due at once."""
RESUMES_PER_ITERATION = 200


class PendingAck(NamedTuple):
    """An acknowledgement of `seq` due to `connection`; `received_at` is on the event loop's clock."""

    connection: UserConnection
    seq: int
    received_at: float
    answer: bytes | None = None
    """What is sent once the frame is stored, where that is not its acknowledgement alone."""
    refused: bool = False
    """Whether the frame is stored without its beats, and `answer` says so."""


class DeliveryPipeline:
    """Frames on their way to Kafka, at most `backlog_bytes` of them, and their pending acknowledgements.

    `on_fatal` is called when the producer has failed for good, so that only a new process can continue.
    """

    def __init__(
        self, kafka: KafkaClient, topic: str, batch_seconds: float, backlog_bytes: int, on_fatal: Callable[[], None]
    ) -> None:
        self._producer = BatchProducer(kafka, topic, self._on_delivery)
        self._batch_seconds = batch_seconds
        self._backlog = Backlog(backlog_bytes)
        self._on_fatal = on_fatal
        self._batcher: Batcher[PendingAck] | None = None
        self._flush_timer: asyncio.TimerHandle | None = None
        self._delivered: deque[Batch[PendingAck]] = deque()
        self._ack_handle: asyncio.Handle | None = None
        self._waiting: deque[UserConnection] = deque()

    async def start(self, retry_seconds: float = 0.5) -> int:
        """Waits for the topic; returns the number of its partitions, which is fixed from then on.

        After adding partitions ingest needs a rollout: all processes have to map a user to the same partition.
        """
        while True:
            try:
                partitions = await self._producer.partitions()
            except LookupError as error:
                log.warning("waiting_for_topic", error=str(error))
                await asyncio.sleep(retry_seconds)
            else:
                self._batcher = Batcher(partitions)
                return partitions

    @property
    def partitions(self) -> int:
        """Number of partitions; 0 until `start` has found the topic."""
        return self._batcher.partitions if self._batcher else 0

    @property
    def stalled(self) -> bool:
        """Whether reading is paused because Kafka accepts less than wearables send."""
        return self._batcher is None or self._backlog.paused

    def resume_later(self, connection: UserConnection) -> None:
        """Resumes reading on the connection when the backlog allows it."""
        self._waiting.append(connection)
        metrics.waiting.set(len(self._waiting))

    async def check(self) -> None:
        """Raises LookupError while frames cannot be stored; for the readiness probe."""
        if self._batcher is None:
            raise LookupError("the topic has not been found yet")
        if self._backlog.paused:
            raise LookupError(f"Kafka is behind: {self._backlog.bytes} bytes are waiting")

    def submit(self, frame: StoredFrame, ack: PendingAck, size: int) -> None:
        """Queues a frame; it is acknowledged when all in-sync replicas have it."""
        assert self._batcher is not None
        self._batcher.add(ack.connection.partition, frame, ack, size)
        was_paused = self._backlog.paused
        self._backlog.add(size)
        if self._backlog.paused and not was_paused:
            metrics.stalls.inc()
            log.warning("reading_paused", backlog_bytes=self._backlog.bytes)
        if self._flush_timer is None:
            self._flush_timer = asyncio.get_running_loop().call_later(self._batch_seconds, self._flush)

    async def drain(self, seconds: float) -> None:
        """Writes all queued frames and waits, for at most `seconds`, until all that can be acknowledged are."""
        self._flush()
        remaining = await self._producer.flush(seconds)
        while self._delivered:
            self._acknowledge()
        if remaining:
            log.warning("drain_incomplete", records=remaining, hint="wearables resend unacknowledged frames")

    def _flush(self) -> None:
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        if self._batcher is not None:
            for batch in self._batcher.take_all():
                self._producer.produce(batch)
        metrics.backlog.set(self._backlog.bytes)

    def _on_delivery(self, batch: Batch[PendingAck], error: KafkaError | None) -> None:
        was_paused = self._backlog.paused
        self._backlog.remove(batch.size)
        if was_paused and not self._backlog.paused:
            log.info("reading_resumed", backlog_bytes=self._backlog.bytes)
            asyncio.get_running_loop().call_soon(self._resume_waiting)
        if error is None:
            metrics.records.inc()
            self._delivered.append(batch)
            if self._ack_handle is None:
                self._ack_handle = asyncio.get_running_loop().call_soon(self._acknowledge)
        else:
            self._reject(batch, error)

    def _resume_waiting(self) -> None:
        """Resumes waiting connections, some in each iteration, until the backlog is full again."""
        for _ in range(min(len(self._waiting), RESUMES_PER_ITERATION)):
            if self._backlog.paused:
                return
            self._waiting.popleft().resume_reading()
        metrics.waiting.set(len(self._waiting))
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._resume_waiting)

    def _acknowledge(self) -> None:
        self._ack_handle = None
        now, count = asyncio.get_running_loop().time(), 0
        while self._delivered and count < ACKS_PER_ITERATION:
            acks = self._delivered.popleft().acks
            for connection, seq, received_at, answer, refused in acks:
                if connection.send(b'{"ack":%d}' % seq if answer is None else answer) and not refused:
                    metrics.acks.observe(now - received_at)
            count += len(acks)
        if self._delivered:
            self._ack_handle = asyncio.get_running_loop().call_soon(self._acknowledge)

    def _reject(self, batch: Batch[PendingAck], error: KafkaError) -> None:
        """Closes the connections of frames that cannot be stored: their wearables reconnect and resend them."""
        metrics.unstored.inc(len(batch.frames))
        log.error("record_rejected", partition=batch.partition, frames=len(batch.frames), error=error.str())
        for connection in {ack.connection for ack in batch.acks}:
            connection.close(Close(CloseCode.INTERNAL_ERROR, "a frame could not be stored; reconnect and resend it"))
        if error.code() == KafkaError._FATAL:
            self._on_fatal()
