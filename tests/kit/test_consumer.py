"""A reader of a topic on a real Kafka: what can never be applied stops nothing, and what stops it is seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest
from aiokafka import AIOKafkaProducer
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from contracts.connections import kafka_client
from contracts.platform import READER_STALLED
from local.engines.kafka import Kafka
from services.kit import consumer
from services.kit.rejected import of_record
from services.kit.topics import ensure_topic
from tests.fixtures.engines import Database, ScratchEnvironment
from tests.fixtures.waiting import until
from tests.kit.refusals import dead_letters

REFUSED = (
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.UniqueViolation,
    psycopg.errors.CharacterNotInRepertoire,
    psycopg.DataError,
    OverflowError,
    ValueError,
)


@pytest.mark.parametrize("error", REFUSED)
def test_a_rejected_record_raises_decode_error(error: type[Exception]) -> None:
    with (
        pytest.raises(msgspec.DecodeError, match=r"not an event of a person: .+: why"),
        of_record("not an event of a person"),
    ):
        raise error("why")


@pytest.mark.parametrize("error", [psycopg.OperationalError, psycopg.errors.QueryCanceled, RuntimeError])
def test_an_error_of_a_store_stays_what_it_is(error: type[Exception]) -> None:
    with pytest.raises(error, match="why"), of_record("not an event of a person"):
        raise error("why")


def metric(name: str, topic: str, group: str) -> float:
    families = text_string_to_metric_families(generate_latest().decode())
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return next((one.value for one in samples if one.labels == {"topic": topic, "group": group}), 0.0)


async def reached(description: str, what: Callable[[], bool]) -> None:
    await asyncio.to_thread(until, description, what, 40)


@asynccontextmanager
async def reading(kafka: Kafka, topic: str, group: str, handle: consumer.Handle) -> AsyncIterator[None]:
    async with beside(consumer.consume({"bootstrap_servers": kafka.bootstrap}, topic, group, handle)):
        yield


@asynccontextmanager
async def beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def send(kafka: Kafka, topic: str, *values: bytes) -> None:
    ensure_topic(kafka_client(kafka.bootstrap), topic, partitions=1, retention_ms=3_600_000)
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap) as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


@pytest.mark.integration
async def test_a_record_that_no_table_holds_is_kept_with_its_reason_and_the_rest_is_applied(
    kafka: Kafka, postgres: Database
) -> None:
    topic, uri = f"kit-poison-{uuid4()}", postgres.create("kit-consumer")
    long = "".join(str(uuid4()) for _ in range(90)).encode()
    async with await psycopg.AsyncConnection.connect(uri, autocommit=True) as connection:
        await connection.execute("drop table if exists people; create table people (id text primary key)")

        async def handle(value: bytes) -> None:
            with of_record("not a person"):
                await connection.execute("insert into people values (%s)", (value.decode(),))

        values = (b"ada", long, b"a\0b", b"\xff", b"ada", b"bob")
        await send(kafka, topic, *values)
        async with reading(kafka, topic, "kit-people", handle):
            await reached("the others", lambda: metric("aura_records_handled_total", topic, "kit-people") == 2)
        assert metric("aura_records_unreadable_total", topic, "kit-people") == 4
        found = await (await connection.execute("select id from people order by id")).fetchall()
        assert found == [("ada",), ("bob",)]
    letters = await dead_letters(kafka.bootstrap, topic, count=4)
    assert [(letter.offset, letter.value) for letter in letters] == [(i, values[i]) for i in (1, 2, 3, 4)]
    assert {(letter.kind, letter.group) for letter in letters} == {("record", "kit-people")}
    reasons = [letter.reason.split(": ")[:2] for letter in letters]
    assert reasons == [["not a person", why] for why in ("limit", "encoding", "encoding", "constraint")]


@pytest.mark.integration
async def test_records_that_are_applied_again_before_the_one_that_fails_are_no_advance(kafka: Kafka) -> None:
    topic = f"kit-behind-{uuid4()}"

    async def handle(value: bytes) -> None:
        if value == b"2":
            raise psycopg.OperationalError("the database is away")

    await send(kafka, topic, b"1", b"2")
    async with reading(kafka, topic, "kit-behind", handle):
        await reached("the metric", lambda: metric(READER_STALLED, topic, "kit-behind") > 5)
        assert metric("aura_records_handled_total", topic, "kit-behind") > 1, "the first was applied again"


async def test_how_long_a_reader_applies_nothing_is_a_metric(kafka: Kafka) -> None:
    topic, away = f"kit-stalled-{uuid4()}", True

    async def handle(value: bytes) -> None:
        if away:
            raise psycopg.OperationalError("the database is away")

    await send(kafka, topic, b"1")
    async with reading(kafka, topic, "kit-stalled", handle):
        await reached("the metric", lambda: metric(READER_STALLED, topic, "kit-stalled") > 3)
        away = False
        await reached("the record", lambda: metric("aura_records_handled_total", topic, "kit-stalled") == 1)
        assert metric(READER_STALLED, topic, "kit-stalled") < 2


@pytest.fixture
async def broker(scratch: ScratchEnvironment) -> AsyncIterator[Kafka]:
    """One that a test may kill."""
    engine = Kafka(scratch.folder / "kit-kafka", scratch.addresses[5])
    await asyncio.to_thread(engine.ensure)
    yield engine
    await asyncio.to_thread(engine.delete)


@pytest.mark.integration
async def test_readers_go_on_after_an_outage_that_is_longer_than_their_requests_wait(broker: Kafka) -> None:
    """Those of a group, and those that read all of a topic."""
    topic, group = f"kit-outage-{uuid4()}", "kit-outage"
    of_group, of_all = list[bytes](), list[bytes]()

    async def apply(value: bytes) -> None:
        of_group.append(value)

    async def follow(value: bytes) -> None:
        of_all.append(value)

    await send(broker, topic, b"before")
    kafka: dict[str, Any] = {"bootstrap_servers": broker.bootstrap, "request_timeout_ms": 6_000}
    async with beside(consumer.consume(kafka, topic, group, apply), consumer.follow(kafka, topic, follow)):
        await reached("the first", lambda: of_group == of_all == [b"before"])
        await asyncio.to_thread(broker.process.kill)
        stalled = lambda: min(metric(READER_STALLED, topic, name) for name in (group, "none"))  # noqa: E731
        await reached("their requests to have been given up", lambda: stalled() > 12)
        await asyncio.to_thread(broker.ensure)
        await send(broker, topic, b"after")
        await reached("what came after it", lambda: b"after" in of_group and b"after" in of_all)
