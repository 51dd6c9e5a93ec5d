"""Outbox: events are stored in the transaction that they tell of, and sent to Kafka after it, at least once.

After a crash the identical record is sent again, with the same id; readers apply an id once. Records of one key are
sent in the order of their ids, which is that of their transactions if these lock a row of the key's first.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from prometheus_client import Gauge

from contracts.platform import OUTBOX_DELAYED
from services.kit import logs, trace
from services.kit.database import AWAY, Connection, Pool
from services.kit.producer import producing
from services.kit.records import EVENT_ID, TRACE_ID

TABLE = """
create table outbox (
    id bigint generated always as identity primary key,
    event_id uuid not null unique,
    topic text not null,
    key text not null,
    value bytea not null,
    trace text not null,
    created_at timestamptz not null default now(),
    due_at timestamptz not null default now()
);
"""
TOMBSTONE = b""
"""The value of an event that ends its key in a compacted topic: it is sent as a record without a value."""
BATCH = 500
POLL_SECONDS = 5.0
"""For what another process left; `wake` sends what this one stored."""
MAX_BACKOFF_SECONDS = 30.0

_PUT = "insert into outbox (event_id, topic, key, value, trace, due_at) values (%s, %s, %s, %s, %s, %s)"
_LOCK = "select pg_try_advisory_xact_lock(hashtext('outbox'))"
_DUE = (
    "select id, event_id, topic, key, value, trace, created_at from outbox where due_at <= now() order by id limit %s"
    " for update"  # refused in a region that stands by, before anything is sent that could not be deleted
)
_OLDEST = "select coalesce(extract(epoch from now() - min(due_at)), 0) from outbox where due_at <= now()"
_SENT = "delete from outbox where id = any(%s)"

delayed = Gauge(OUTBOX_DELAYED, "Age of the oldest event that is due and not sent")
log = logs.get(__name__)


async def put(
    connection: Connection, event_id: UUID | str, topic: str, key: str, value: bytes, *, due: datetime | None = None
) -> None:
    """Stores an event in the transaction of `connection`, to be sent after it, or at `due`."""
    await connection.execute(_PUT, (event_id, topic, key, value, trace.current(), due or datetime.now(UTC)))


class Relay:
    """Sends what is in the outbox of a database. Any number of Pods may run one: one at a time sends."""

    def __init__(self, pool: Pool, kafka: Mapping[str, Any]) -> None:
        self._pool = pool
        self._kafka = kafka
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """To be called after a commit that stored events."""
        self._woken.set()

    async def run(self) -> None:
        """Runs until cancelled; while Kafka or the database is away, events wait in the database."""
        backoff = 1.0
        while True:
            try:
                async with contextlib.AsyncExitStack() as stack:
                    producer = await stack.enter_async_context(producing(self._kafka, linger_ms=0))
                    while True:
                        self._woken.clear()
                        full = await self.send(producer) == BATCH
                        backoff = 1.0
                        await self._measure()
                        if not full:
                            with contextlib.suppress(TimeoutError):
                                async with asyncio.timeout(POLL_SECONDS):
                                    await self._woken.wait()
            except (KafkaError, *AWAY) as error:
                log.warning(
                    "events_delayed",
                    error=f"{type(error).__name__}: {error}",
                    retry_seconds=backoff,
                    hint="none is lost",
                )
                with contextlib.suppress(*AWAY):
                    await self._measure()
                await asyncio.sleep(backoff)
                backoff = min(2 * backoff, MAX_BACKOFF_SECONDS)

    async def send(self, producer: AIOKafkaProducer) -> int:
        """Sends one batch of due events and deletes them once the brokers have them; returns how many."""
        async with self._pool.connection() as connection:
            leads = await (await connection.execute(_LOCK)).fetchone()
            if leads is None or not leads[0]:
                return 0
            rows = await (await connection.execute(_DUE, (BATCH,))).fetchall()
            sent = [await producer.send(**_record(*row[1:])) for row in rows]
            await asyncio.gather(*sent)
            await connection.execute(_SENT, ([row[0] for row in rows],))
            return len(rows)

    async def _measure(self) -> None:
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_OLDEST)).fetchone()
        delayed.set(float(row[0]) if row else 0)


def _record(event_id: UUID, topic: str, key: str, value: bytes, trace_id: str, created_at: datetime) -> dict[str, Any]:
    """The same record each time."""
    return {
        "topic": topic,
        "key": key.encode(),
        "value": value if value != TOMBSTONE else None,
        "headers": [(EVENT_ID, str(event_id).encode()), (TRACE_ID, trace_id.encode())],
        "timestamp_ms": int(created_at.timestamp() * 1000),
    }
