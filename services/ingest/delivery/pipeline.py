"""The way of a frame: gathered, written to Kafka, acknowledged by one acker for all sockets."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from confluent_kafka import KafkaError

from contracts.records import StoredFrame
from services.ingest import metrics
from services.ingest.admission import UNSTORABLE, Close
from services.ingest.delivery.backpressure import Backlog
from services.ingest.delivery.batching import Batch, Packer
from services.ingest.delivery.producer import Topic
from services.ingest.websocket.connection import Socket
from services.kit import logs

log = logs.get(__name__)

ACKS_A_TURN = 500
"""Acknowledgements between two turns of the event loop: after a stall tens of thousands are due at once."""
SOCKETS_A_TURN = 200


class Receipt(NamedTuple):
    """What is owed for a frame: an acknowledgement of `seq` to `socket`, measured from `read`, the loop's time."""

    socket: Socket
    seq: int
    read: float


class Intake:
    """Frames on their way to Kafka, at most `backlog_bytes` of them, and the acknowledgements that are due.

    `broken` is called when the producer can't go on at all: only a new process can.
    """

    def __init__(
        self, bootstrap: str, topic: str, pack_seconds: float, backlog_bytes: int, broken: Callable[[], None]
    ) -> None:
        self._topic = Topic(bootstrap, topic, self._delivered)
        self._pack_seconds = pack_seconds
        self._backlog = Backlog(backlog_bytes)
        self._broken = broken
        self._packer: Packer[Receipt] | None = None
        self._flush: asyncio.TimerHandle | None = None
        self._due: deque[Batch[Receipt]] = deque()
        self._acker: asyncio.Handle | None = None
        self._waiting: deque[Socket] = deque()

    async def start(self, retry_seconds: float = 0.5) -> int:
        """Waits for the topic; gives the number of its partitions, which is taken as fixed from then on.

        A topic that gets more partitions needs a rollout of ingest: all processes have to agree where a person is.
        """
        while True:
            try:
                partitions = await self._topic.partitions()
            except LookupError as error:
                log.warning("waiting_for_topic", error=str(error))
                await asyncio.sleep(retry_seconds)
            else:
                self._packer = Packer(partitions)
                return partitions

    @property
    def partitions(self) -> int:
        """Number of partitions; 0 before `start` has found them."""
        return self._packer.partitions if self._packer else 0

    @property
    def stalled(self) -> bool:
        """Whether reading has stopped, as Kafka takes less than wearables send."""
        return self._packer is None or self._backlog.closed

    def wait(self, socket: Socket) -> None:
        """Tells the socket to go on once reading may."""
        self._waiting.append(socket)
        metrics.waiting.set(len(self._waiting))

    async def check(self) -> None:
        """Raises LookupError while frames can't be stored; for the readiness probe."""
        if self._packer is None:
            raise LookupError("the topic has not been found yet")
        if self._backlog.closed:
            raise LookupError(f"Kafka is behind: {self._backlog.bytes} bytes wait")

    def accept(self, frame: StoredFrame, receipt: Receipt, weight: int) -> None:
        """Takes a frame; its socket gets the acknowledgement when all in-sync replicas have it."""
        assert self._packer is not None
        self._packer.add(receipt.socket.partition, frame, receipt, weight)
        was_closed = self._backlog.closed
        self._backlog.add(weight)
        if self._backlog.closed and not was_closed:
            metrics.stalls.inc()
            log.warning("reading_stopped", backlog_bytes=self._backlog.bytes)
        if self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(self._pack_seconds, self._write)

    async def drain(self, seconds: float) -> None:
        """Writes what was gathered and waits, at most `seconds`, until all that can be acknowledged is."""
        self._write()
        left = await self._topic.drain(seconds)
        while self._due:
            self._acknowledge()
        if left:
            log.warning("not_drained", records=left, hint="not acknowledged, so wearables send their frames again")

    def _write(self) -> None:
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        if self._packer is not None:
            for batch in self._packer.take():
                self._topic.write(batch)
        metrics.backlog.set(self._backlog.bytes)

    def _delivered(self, batch: Batch[Receipt], error: KafkaError | None) -> None:
        was_closed = self._backlog.closed
        self._backlog.remove(batch.weight)
        if was_closed and not self._backlog.closed:
            log.info("reading_resumed", backlog_bytes=self._backlog.bytes)
            asyncio.get_running_loop().call_soon(self._let_go_on)
        if error is None:
            metrics.records.inc()
            self._due.append(batch)
            if self._acker is None:
                self._acker = asyncio.get_running_loop().call_soon(self._acknowledge)
        else:
            self._refuse(batch, error)

    def _let_go_on(self) -> None:
        """Lets those read on who wait, some at a time, until the backlog is full again."""
        for _ in range(min(len(self._waiting), SOCKETS_A_TURN)):
            if self._backlog.closed:
                return
            self._waiting.popleft().go_on()
        metrics.waiting.set(len(self._waiting))
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._let_go_on)

    def _acknowledge(self) -> None:
        self._acker = None
        now, told = asyncio.get_running_loop().time(), 0
        while self._due and told < ACKS_A_TURN:
            receipts = self._due.popleft().receipts
            for socket, seq, read in receipts:
                if socket.offer(b'{"ack":%d}' % seq):
                    metrics.acks.observe(now - read)
            told += len(receipts)
        if self._due:
            self._acker = asyncio.get_running_loop().call_soon(self._acknowledge)

    def _refuse(self, batch: Batch[Receipt], error: KafkaError) -> None:
        """Sockets of frames that can't be stored are closed: their wearables connect again and send them again."""
        metrics.unstored.inc(len(batch.frames))
        log.error("record_refused", partition=batch.partition, frames=len(batch.frames), error=error.str())
        for socket in {receipt.socket for receipt in batch.receipts}:
            socket.close(Close(UNSTORABLE, "a frame could not be stored; connect and send it again"))
        if error.code() == KafkaError._FATAL:
            self._broken()
