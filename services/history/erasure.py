"""Erases a person's measures, events and state of the dataflow when their account has ended
(contracts/user_events.py)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from contracts.platform import TOPIC_RAW
from contracts.records import Erasure, pack
from contracts.timeseries import TIME_COLUMN
from contracts.user_events import Kind, read
from services.kit import logs
from services.kit.database import Pool
from services.kit.producer import producing
from services.kit.rejected import of_record

GROUP = "history-erasure"

log = logs.get(__name__)


class Eraser:
    """Of what the time-series store of `pool` has, and the dataflow that reads the topic of beats."""

    def __init__(self, pool: Pool, kafka: Mapping[str, Any], topic: str = TOPIC_RAW) -> None:
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
        async with producing(self._kafka) as producer:
            for partition in await self._partitions():
                await producer.send_and_wait(self._topic, pack(erasure), partition=partition)

    async def _partitions(self) -> list[int]:
        """None if brokers answer that there is no such topic: a producer would wait for it to be made."""
        admin = AIOKafkaAdminClient(**self._kafka)
        try:
            await admin.start()
            if self._topic not in await admin.list_topics():
                return []
            (found,) = await admin.describe_topics([self._topic])
            return [partition["partition"] for partition in found["partitions"]]
        finally:
            await admin.close()
