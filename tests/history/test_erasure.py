"""The end of an account erases the person's measures and events before it, and nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest
from aiokafka import AIOKafkaConsumer

from contracts import timeseries
from contracts.records import Erasure, read_erasure
from contracts.user_events import Kind, UserEvent, encode
from local.engines.kafka import Kafka
from services.history.erasure import Eraser
from services.kit.database import Pool
from tests.fixtures.engines import Database
from tests.ingest.harness import create_topic
from tests.kit.refusals import refusing

pytestmark = pytest.mark.integration
END = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MISSING = "no-beats"
"""A topic that no test makes."""


@pytest.fixture
def store(postgres: Database) -> Iterator[str]:
    uri = postgres.create("history-erasure")
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("drop schema public cascade; create schema public")
        hour = timedelta(hours=1)
        for statement in [*timeseries.native(), *timeseries.create_partitions(END, hour, span=hour)]:
            connection.execute(statement.encode())
        for user in ("ada", "bob"):
            for at in (END - SECOND, END, END + SECOND):
                connection.execute(
                    "insert into hrv_1m (user_id, at, hr, beats, quality) values (%s, %s, 60, 60, 1)", (user, at)
                )
                connection.execute(
                    "insert into stress_events (event_id, user_id, raised_at, received_at, trace, evidence)"
                    " values (%s, %s, %s, %s, '', '{}')",
                    (f"{user}{at}", user, at, at),
                )
    yield uri


@pytest.fixture
def brokers(kafka: Kafka) -> dict[str, Any]:
    """Arguments of aiokafka's clients."""
    return {"bootstrap_servers": kafka.bootstrap}


def rows(uri: str) -> list[tuple[str, datetime]]:
    with psycopg.connect(uri) as connection:
        found = connection.execute(
            "select user_id, at from hrv_1m union all select user_id, raised_at from stress_events order by 1, 2"
        )
        return found.fetchall()


def ended(user: str) -> bytes:
    at = int(END.timestamp() * 1000)
    return encode(UserEvent(str(uuid4()), Kind.ACCOUNT_DELETED, user, at - 900_000, until=at))


async def test_rows_before_the_end_are_erased_and_a_repeat_changes_nothing(store: str, brokers: dict[str, Any]) -> None:
    before = rows(store)
    async with Pool(store, min_size=1, open=False) as pool:
        eraser = Eraser(pool, brokers, MISSING)
        await eraser.handle(ended("nobody"))
        assert rows(store) == before
        for _ in range(2):
            await eraser.handle(ended("ada"))
            assert rows(store) == [row for row in before if row[0] == "bob" or row[1] >= END]


@pytest.mark.parametrize("value", [b"", b"{", encode(UserEvent("x", Kind.ACCOUNT_DELETED, "ada", 0, until=1 << 60))])
async def test_what_is_no_event_is_refused_and_nothing_is_erased(
    store: str, brokers: dict[str, Any], value: bytes
) -> None:
    async with Pool(store, min_size=1, open=False) as pool:
        with pytest.raises(msgspec.DecodeError):
            await Eraser(pool, brokers, MISSING).handle(value)
        await Eraser(pool, brokers, MISSING).handle(encode(UserEvent(str(uuid4()), "another-kind", "ada", 0)))
    assert len(rows(store)) == 12


async def test_what_no_table_takes_is_told_from_a_store_that_is_away(store: str, brokers: dict[str, Any]) -> None:
    async with Pool(store, min_size=1, open=False) as pool:
        with refusing(store, "hrv_1m", "54000"), pytest.raises(msgspec.DecodeError, match="limit"):
            await Eraser(pool, brokers, MISSING).handle(ended("ada"))
        with refusing(store, "hrv_1m", "57014"), pytest.raises(psycopg.errors.QueryCanceled):
            await Eraser(pool, brokers, MISSING).handle(ended("ada"))
    assert len(rows(store)) == 12


async def test_an_erasure_is_written_to_each_partition_of_the_raw_topic(
    store: str, brokers: dict[str, Any], kafka: Kafka
) -> None:
    topic = f"raw-{uuid4()}"
    await create_topic(kafka.bootstrap, topic, 3)
    async with Pool(store, min_size=1, open=False) as pool:
        await Eraser(pool, brokers, topic).handle(ended("ada"))
    async with (
        AIOKafkaConsumer(topic, **brokers, auto_offset_reset="earliest") as reader,
        asyncio.timeout(30),
    ):
        told = [await reader.getone() for _ in range(3)]
    assert {record.partition for record in told} == {0, 1, 2}
    until = int(END.timestamp() * 1000)
    assert [read_erasure(record.value or b"") for record in told] == [Erasure("ada", until)] * 3
