"""Erases a person's measures, events and state of the dataflow when their account has ended
(contracts/user_events.py)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import UnknownTopicOrPartitionError
from psycopg_pool import AsyncConnectionPool

from contracts.platform import TOPIC_RAW
from contracts.records import Erasure, pack
from contracts.timeseries import TIME_COLUMN
from contracts.user_events import Kind, read
from services.kit import logs
from services.kit.database import Connection
from services.kit.rejected import of_record

GROUP = "history-erasure"

log = logs.get(__name__)


class Eraser:
    """Of what the time-series store of `pool` has, and the dataflow that reads the topic of beats."""

    def __init__(self, pool: AsyncConnectionPool[Connection], kafka: Mapping[str, Any], topic: str = TOPIC_RAW) -> None:
        self._pool, self._kafka, self._topic = pool, kafka, topic

    async def handle(self, value: bytes) -> None:
        """Deletes, in one transaction, the rows of moments before the end that a record tells of, and tells the
        dataflow; what came later is of a person who came back. Again, there is nothing left. Raises DecodeError for
        what is no event, and KafkaError."""
        event = read(value)
        if event.kind != Kind.ACCOUNT_DELETED:
            return
        erased: dict[str, int] = {}
        with of_record("not the end of an account"):
            until = datetime.fromtimestamp(event.until / 1000, UTC)
            async with self._pool.connection() as connection:
                for table, moment in TIME_COLUMN.items():
                    statement = f"delete from {table} where user_id = %s and {moment} < %s"
                    erased[table] = (await connection.execute(statement.encode(), (event.user, until))).rowcount
        await self._tell_dataflow(Erasure(event.user, event.until))
        log.info("person_erased", event_id=event.id, rows=erased)

    async def _tell_dataflow(self, erasure: Erasure) -> None:
        """In each partition, behind the person's beats. Without the topic there are none."""
        async with AIOKafkaProducer(**self._kafka, acks="all") as producer:
            try:
                partitions = await producer.partitions_for(self._topic)
            except UnknownTopicOrPartitionError:
                return
            for partition in partitions:
                await producer.send_and_wait(self._topic, pack(erasure), partition=partition)
