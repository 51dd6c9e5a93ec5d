"""Reads a topic as a member of a group: each record is handled at least once, and its offset is kept after that.

A record that can never be applied is counted, logged with the reason and kept as a dead letter (rejected.py), and the
rest goes on. Whatever else fails, such as a database that is away, stops the reading, and it goes on from the first
record that was not handled; how long nothing was read is a metric, of which an alert tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import psycopg
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from msgspec import DecodeError
from prometheus_client import Counter, Gauge
from psycopg.errors import ReadOnlySqlTransaction

from contracts.platform import READER_STALLED
from contracts.records import DeadLetter
from services.kit import logs, rejected, trace
from services.kit.elapsed import elapsed
from services.kit.records import TRACE_ID

MAX_BACKOFF_SECONDS = 30.0
WAIT_MS = 5_000
"""For records: a broker answers at once when there are any, so this only spares requests."""
METADATA_MS = 60_000
"""How soon a topic is found that is made after the reader."""

handled = Counter("aura_records_handled_total", "Records of a topic that were handled", ["topic", "group"])
unreadable = Counter(
    "aura_records_unreadable_total", "Records of a topic that can never be applied", ["topic", "group"]
)
stalled = Gauge(
    READER_STALLED, "Seconds for which a reader got no answer of a topic or applied none", ["topic", "group"]
)
MAX_REASON = 1_000
"""Characters of a dead letter's reason: PostgreSQL repeats a value of any size in its errors."""
log = logs.get(__name__)

Handle = Callable[[bytes], Awaitable[None]]
"""Applies a value; raises msgspec.DecodeError for one that can never be applied."""


async def consume(
    kafka: Mapping[str, Any],
    topic: str,
    group: str,
    handle: Handle,
    away: tuple[type[Exception], ...] = (psycopg.Error,),
) -> None:
    """Reads `topic` until cancelled. Exceptions of the types `away` say that a store of `handle` is away."""
    await _Reader(kafka, topic, group, handle).read(away)


async def follow(kafka: Mapping[str, Any], topic: str, handle: Handle, away: tuple[type[Exception], ...] = ()) -> None:
    """As `consume`, and every process reads all of the topic, from its beginning whenever it begins. So no dead letters
    are written: what cannot be applied is told of each time, and stays in the topic."""
    await _Reader(kafka, topic, None, handle).read(away)


async def _stop(consumer: AIOKafkaConsumer) -> None:
    """Stops it in a task of its own. While brokers are away, `stop` cancels fetches that wait to be tried again, and so
    ends as cancelled itself (aio-libs/aiokafka, issue 647): here that would be taken for the end of the reader."""
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait([stopping])
    error = None if stopping.cancelled() else stopping.exception()
    if error is not None and not isinstance(error, KafkaError):
        raise error
    if stopping.cancelled() or error is not None:
        await consumer._client.close()  # what `stop` had not come to


class _Reader:
    def __init__(self, kafka: Mapping[str, Any], topic: str, group: str | None, handle: Handle) -> None:
        self._kafka, self._topic, self._group, self._handle = kafka, topic, group, handle
        self._labels = topic, group or "none"
        self._advanced = elapsed()
        self._applied: dict[int, int] = {}
        """The highest offset of each partition: what is applied again after a failure is no advance."""
        stalled.labels(*self._labels).set_function(lambda: elapsed() - self._advanced)

    async def read(self, away: tuple[type[Exception], ...]) -> None:
        backoff = 1.0
        while True:
            consumer = AIOKafkaConsumer(
                self._topic,
                **self._kafka,
                group_id=self._group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                fetch_max_wait_ms=WAIT_MS,
                metadata_max_age_ms=METADATA_MS,
            )
            try:
                await consumer.start()
                while True:
                    batches = await consumer.getmany(timeout_ms=WAIT_MS, max_records=500)
                    for records in batches.values():
                        for record in records:
                            await self._apply(record)
                            if record.offset > self._applied.get(record.partition, -1):
                                self._applied[record.partition] = record.offset
                                self._advanced = elapsed()
                    if batches and self._group is not None:
                        await consumer.commit()
                    if not batches and (partitions := consumer.assignment()):
                        await consumer.end_offsets(partitions)  # an empty answer also comes from no broker
                    if not batches:
                        self._advanced = elapsed()
                    backoff = 1.0
            except (KafkaError, *away) as error:
                if isinstance(error, ReadOnlySqlTransaction):  # the region stands by: its records are for later
                    self._advanced = elapsed()
                log.warning(
                    "reading_delayed",
                    topic=self._topic,
                    group=self._labels[1],
                    error=repr(error),
                    retry_seconds=backoff,
                )
                await asyncio.sleep(backoff)
                backoff = min(2 * backoff, MAX_BACKOFF_SECONDS)
            finally:
                await _stop(consumer)

    async def _apply(self, record: Any) -> None:
        trace.set_current(trace.parse(dict(record.headers).get(TRACE_ID)) or trace.new())
        try:
            await self._handle(record.value or b"")
            handled.labels(*self._labels).inc()
        except DecodeError as error:
            letter = DeadLetter(
                self._topic,
                record.partition,
                record.offset,
                str(error)[:MAX_REASON],
                record.value or b"",
                "record",
                self._group or "",
            )
            if self._group is not None:
                await rejected.keep(self._kafka, letter)
            unreadable.labels(*self._labels).inc()
            log.error(
                "unreadable_record",
                topic=self._topic,
                group=self._labels[1],
                partition=record.partition,
                offset=record.offset,
                error=str(error),
            )
