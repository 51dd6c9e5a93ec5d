"""Outbox and idempotency keys on real engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from prometheus_client import REGISTRY
from psycopg.errors import ReadOnlySqlTransaction
from psycopg_pool import AsyncConnectionPool
from pydantic import SecretStr

from contracts.connections import DatabaseVariables, kafka_client
from contracts.platform import OUTBOX_DELAYED
from local.engines.kafka import Kafka
from services.kit import background, database, idempotency, outbox
from services.kit.idempotency import REPLAYED, Answer, once
from services.kit.outbox import Relay, put
from services.kit.problems import Problem
from services.kit.topics import ensure_topic
from tests.fixtures.engines import Database
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
TOPIC, STANDBY_TOPIC = "kit-outbox", "kit-outbox-standby"


@pytest.fixture
async def pool(postgres: Database) -> AsyncIterator[database.Pool]:
    variables = DatabaseVariables(database_url=SecretStr(postgres.create("kit")))
    async with database.pool(variables, size=6) as made:
        async with made.connection() as connection:
            await connection.execute("drop table if exists outbox, idempotency_keys")
            await connection.execute(outbox.TABLE.encode())
            await connection.execute(idempotency.TABLE.encode())
        yield made


class Killed(Exception): ...


class DiesAfterSending:
    """A producer whose process ends when the brokers have the records, before the outbox knows."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def send(self, **record: Any) -> asyncio.Future[None]:
        await (await self._producer.send(**record))
        died: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        died.set_exception(Killed())
        return died


async def test_after_a_crash_the_identical_records_come_again_in_order(pool: database.Pool, kafka: Kafka) -> None:
    ensure_topic(kafka_client(kafka.bootstrap), TOPIC, partitions=3, retention_ms=3_600_000)
    ensure_topic(kafka_client(kafka.bootstrap), TOPIC, partitions=3, retention_ms=3_600_000)
    async with pool.connection() as connection:
        for number in range(6):
            await put(connection, uuid4(), TOPIC, f"user-{number % 2}", f"{number}".encode())
    options: dict[str, Any] = {"bootstrap_servers": kafka.bootstrap}
    relay = Relay(pool, options)
    async with AIOKafkaProducer(**options) as producer:
        with pytest.raises(Killed):
            await relay.send(DiesAfterSending(producer))  # pyright: ignore[reportArgumentType]
        assert await relay.send(producer) == 6
        assert await relay.send(producer) == 0
    records = await received(kafka, 12)
    for user in ("user-0", "user-1"):
        values = [record for record in records if record[0] == user.encode()]
        assert values[:3] == values[3:]
        assert [int(value) for _, value, *_ in values[:3]] == sorted(int(value) for _, value, *_ in values[:3])


async def received(kafka: Kafka, count: int) -> list[tuple[Any, Any, Any, int]]:
    async with AIOKafkaConsumer(TOPIC, bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest") as consumer:
        found: list[tuple[Any, Any, Any, int]] = []
        async with asyncio.timeout(30):
            while len(found) < count:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    found += [(record.key, record.value, record.headers, record.timestamp) for record in records]
        return found


def delay() -> float:
    return REGISTRY.get_sample_value(OUTBOX_DELAYED) or 0.0


async def test_how_long_events_could_not_be_sent_is_a_metric(pool: database.Pool, kafka: Kafka) -> None:
    ensure_topic(kafka_client(kafka.bootstrap), TOPIC, partitions=3, retention_ms=3_600_000)
    async with pool.connection() as connection:
        await put(connection, uuid4(), TOPIC, "ada", b"1")
    async with background.running(Relay(pool, {"bootstrap_servers": "127.0.0.1:1"}).run()):
        await asyncio.to_thread(until, "the metric", lambda: delay() > 3, 40)
    async with background.running(Relay(pool, {"bootstrap_servers": kafka.bootstrap}).run()):
        await asyncio.to_thread(until, "the event to be sent", lambda: delay() == 0, 40)


async def test_a_region_that_stands_by_sends_nothing(kafka: Kafka, postgres: Database) -> None:
    """Its database is a replica, from which no event could be deleted: it would send each time and again."""
    ensure_topic(kafka_client(kafka.bootstrap), STANDBY_TOPIC, partitions=1, retention_ms=3_600_000)
    uri = postgres.create("kit_standby")
    variables = DatabaseVariables(database_url=SecretStr(uri))
    async with database.pool(variables, size=1) as active, active.connection() as connection:
        await connection.execute("drop table if exists outbox")
        await connection.execute(outbox.TABLE.encode())
        await put(connection, uuid4(), STANDBY_TOPIC, "ada", b"1")
        await connection.execute("alter database kit_standby set default_transaction_read_only = on")
    options: dict[str, Any] = {"bootstrap_servers": kafka.bootstrap}
    place = TopicPartition(STANDBY_TOPIC, 0)
    async with (
        database.pool(variables, size=1) as standing_by,
        AIOKafkaProducer(**options) as producer,
        AIOKafkaConsumer(**options) as consumer,
    ):
        with pytest.raises(ReadOnlySqlTransaction):
            await Relay(standing_by, options).send(producer)
        await producer.flush()
        assert await consumer.end_offsets([place]) == {place: 0}


async def test_what_was_rolled_back_is_never_sent(pool: database.Pool, kafka: Kafka) -> None:
    with pytest.raises(Killed):
        async with pool.connection() as connection:
            await put(connection, UUID(int=1), TOPIC, "user", b"never")
            raise Killed
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        assert await Relay(pool, {}).send(producer) == 0


async def test_of_requests_with_one_key_one_does_the_work(pool: database.Pool) -> None:
    done: list[int] = []

    async def request(number: int, body: bytes = b"{}") -> tuple[int, bytes, bool]:
        async with pool.connection() as connection:

            async def work() -> Answer:
                done.append(number)
                await asyncio.sleep(0.05)
                return Answer(201, f"{number}".encode())

            answer = await once(connection, "ada", "key", body, work)
            return answer.status_code, bytes(answer.body), REPLAYED in answer.headers

    answers = await asyncio.gather(*(request(number) for number in range(6)))
    assert len(done) == 1
    assert sorted(answers) == sorted((201, f"{done[0]}".encode(), replayed) for replayed in [False] + [True] * 5)
    with pytest.raises(Problem) as refused:
        await request(7, b"another")
    assert refused.value.status == 422


async def test_a_failure_is_not_kept(pool: database.Pool) -> None:
    async def fails() -> Answer:
        raise Killed

    async def works() -> Answer:
        return Answer(200, b"done")

    with pytest.raises(Killed):
        async with pool.connection() as connection:
            await once(connection, "ada", "again", b"", fails)
    async with pool.connection() as connection:
        assert (await once(connection, "ada", "again", b"", works)).status_code == 200


async def test_old_keys_are_forgotten(pool: database.Pool) -> None:
    async def works() -> Answer:
        return Answer(200, b"")

    async with pool.connection() as connection:
        await once(connection, "ada", "old", b"", works)
        await connection.execute("update idempotency_keys set created_at = now() - interval '25 hours'")
        await once(connection, "bob", "new", b"", works)
        rows = await (await connection.execute("select key from idempotency_keys")).fetchall()
    assert rows == [("new",)]


async def test_a_database_that_is_away_is_one_of_the_errors_that_say_so() -> None:
    away = DatabaseVariables(database_url=SecretStr("postgresql://nobody@127.0.0.1:1/none"))
    pool = database.pool(away, size=1)
    pool.timeout = 0.2
    await pool.open()
    try:
        with pytest.raises(database.AWAY):
            async with pool.connection():
                pass
    finally:
        await pool.close()
    assert isinstance(pool, AsyncConnectionPool)
