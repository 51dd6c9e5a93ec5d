"""Reads a topic as a member of a group: each record is handled at least once, and its offset is kept after that.

A record that cannot be read is logged and left behind; whatever else fails, such as a database that is away, stops the
reading, and it goes on from the first record that was not handled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import psycopg
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from msgspec import DecodeError
from prometheus_client import Counter

from services.kit import logs, trace
from services.kit.records import TRACE_ID

MAX_BACKOFF_SECONDS = 30.0
WAIT_MS = 5_000
"""For records: a broker answers at once when there are any, so this only spares requests."""
METADATA_MS = 60_000
"""How soon a topic is found that is made after the reader."""

handled = Counter("aura_records_handled_total", "Records of a topic that were handled", ["topic"])
unreadable = Counter("aura_records_unreadable_total", "Records of a topic that no one could read", ["topic"])
log = logs.get(__name__)


async def consume(
    kafka: Mapping[str, Any],
    topic: str,
    group: str,
    handle: Callable[[bytes], Awaitable[None]],
    away: tuple[type[Exception], ...] = (psycopg.Error,),
) -> None:
    """Reads `topic` until cancelled; `handle` gets a value, and raises msgspec.DecodeError for one it cannot read.

    Exceptions of the types `away` say that a store of `handle` is away.
    """
    await _read(kafka, topic, group, handle, away)


async def follow(
    kafka: Mapping[str, Any],
    topic: str,
    handle: Callable[[bytes], Awaitable[None]],
    away: tuple[type[Exception], ...] = (),
) -> None:
    """As `consume`, and every process reads all of the topic, from its beginning whenever it begins."""
    await _read(kafka, topic, None, handle, away)


async def _read(
    kafka: Mapping[str, Any],
    topic: str,
    group: str | None,
    handle: Callable[[bytes], Awaitable[None]],
    away: tuple[type[Exception], ...],
) -> None:
    backoff = 1.0
    while True:
        consumer = AIOKafkaConsumer(
            topic,
            **kafka,
            group_id=group,
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
                        await _handled(topic, record, handle)
                if batches and group is not None:
                    await consumer.commit()
                backoff = 1.0
        except (KafkaError, *away) as error:
            log.warning("reading_delayed", topic=topic, group=group or "none", error=repr(error), retry_seconds=backoff)
            await asyncio.sleep(backoff)
            backoff = min(2 * backoff, MAX_BACKOFF_SECONDS)
        finally:
            await consumer.stop()


async def _handled(topic: str, record: Any, handle: Callable[[bytes], Awaitable[None]]) -> None:
    trace.set_current(trace.parse(dict(record.headers).get(TRACE_ID)) or trace.new())
    try:
        await handle(record.value or b"")
        handled.labels(topic).inc()
    except DecodeError as error:
        unreadable.labels(topic).inc()
        log.error("unreadable_record", topic=topic, partition=record.partition, offset=record.offset, error=str(error))
