"""Outcomes of pushes: seen or missed, written once, despite outages. With real Redis and PostgreSQL."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from aiokafka.errors import KafkaConnectionError
from redis.asyncio import Redis as Client

from contracts import pushes, timeseries
from contracts.platform import PENDING_KEY
from contracts.stream import EmergencyCalm
from contracts.user_events import Kind, read
from local.engines.redis import Redis
from services.kit.records import EVENT_ID
from services.recommend.answers import AnswerStore
from services.recommend.outcomes.publisher import record
from services.recommend.outcomes.queue import Outcome, OutcomeQueue
from services.recommend.outcomes.writer import OutcomeWriter, write_all
from tests.fixtures.engines import Database

pytestmark = pytest.mark.integration

NOW = float(int(time.time()))
RAISED = int(NOW * 1000) - 5_123
EXPIRES = NOW + 900
CONFIRM = 60
AFTER = EXPIRES + CONFIRM + 1
PUSH = '{"type": "emergency_calm", "event_id": "x", "user": "x", "content": {}, "expires": 1}'


@pytest.fixture
async def redis(redis: Redis) -> AsyncIterator[Client]:
    async with Client.from_url(redis.url) as client:
        await client.delete(pushes.OPEN, pushes.OUTCOMES)
        yield client
        await client.flushdb()  # other tests use the same user ids


@pytest.fixture
def store(postgres: Database) -> str:
    uri = postgres.create("outcomes")
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("drop schema public cascade; create schema public")
        hour = timedelta(hours=1)
        for statement in [
            *timeseries.native(),
            *timeseries.create_partitions(datetime.fromtimestamp(NOW, UTC), hour, span=hour),
        ]:
            connection.execute(statement.encode())
    return uri


async def nobody(_: Sequence[Outcome]) -> None:
    """Nobody is told."""


async def answer_event(redis: Client, store: str, event_id: str, user: str = "ada") -> None:
    """Stores an event like the dataflow, and answers it like recommend."""
    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute(
            "insert into stress_events (event_id, user_id, raised_at, received_at, trace, evidence, responded_at)"
            " values (%s, %s, to_timestamp(%s / 1000.0), now(), '', '{}', now())",
            [event_id, user, RAISED],
        )
    calm = EmergencyCalm(event_id, user, {"title": "Slow breaths"}, int(EXPIRES * 1000), RAISED)
    await AnswerStore(redis, 86_400).record(calm, 1, NOW)


async def confirm_seen(redis: Client, event_id: str, user: str = "ada") -> int:
    """Confirms a push like ingest does."""
    keys = [PENDING_KEY + user, pushes.OPEN, pushes.OUTCOMES]
    return await redis.eval(pushes.CLOSE, 3, *keys, event_id, user, pushes.SEEN, str(int(NOW * 1000) + 500))  # pyright: ignore[reportGeneralTypeIssues]


def recorded(store: str) -> dict[str, tuple[Any, ...]]:
    with psycopg.connect(store) as connection:
        rows = connection.execute("select event_id, seen_at, missed_at from stress_events").fetchall()
    return {row[0]: tuple(moment and moment.timestamp() for moment in row[1:]) for row in rows}


async def nothing_left(redis: Client) -> bool:
    return not await redis.exists(pushes.OPEN, pushes.OUTCOMES, PENDING_KEY + "ada") or (
        await redis.zcard(pushes.OPEN)
        == await redis.xlen(pushes.OUTCOMES)
        == await redis.hlen(PENDING_KEY + "ada")
        == 0  # pyright: ignore[reportGeneralTypeIssues]
    )


async def test_a_push_is_open_until_it_is_seen_or_expires(redis: Client, store: str) -> None:
    for event_id in ("saw", "missed"):
        await answer_event(redis, store, event_id)
    writer = OutcomeWriter(OutcomeQueue(redis, CONFIRM), store, nobody)
    assert await confirm_seen(redis, "saw") == 1
    await writer.run_once(EXPIRES + CONFIRM - 1)
    assert recorded(store) == {"saw": (NOW + 0.5, None), "missed": (None, None)}
    await writer.run_once(AFTER)
    assert recorded(store) == {"saw": (NOW + 0.5, None), "missed": (None, EXPIRES)}
    assert await nothing_left(redis)


async def test_the_first_outcome_is_final(redis: Client, store: str) -> None:
    await answer_event(redis, store, "once")
    outcomes = OutcomeQueue(redis, CONFIRM)
    assert await outcomes.mark_missed(AFTER) == 1
    assert await confirm_seen(redis, "once") == 0
    assert await outcomes.mark_missed(AFTER) == 0
    await OutcomeWriter(outcomes, store, nobody).run_once(AFTER)
    assert recorded(store) == {"once": (None, EXPIRES)}


async def test_a_user_cannot_confirm_anothers_push(redis: Client, store: str) -> None:
    await answer_event(redis, store, "hers")
    assert await confirm_seen(redis, "hers", user="mallory") == 0
    assert await confirm_seen(redis, "hers") == 1


async def test_outcomes_wait_while_the_store_is_unavailable(redis: Client, store: str) -> None:
    await answer_event(redis, store, "late")
    await confirm_seen(redis, "late")
    with pytest.raises(psycopg.OperationalError):
        await OutcomeWriter(OutcomeQueue(redis, CONFIRM), "postgresql://nobody@127.0.0.1:1/none", nobody).run_once(NOW)
    await OutcomeWriter(OutcomeQueue(redis, CONFIRM), store, nobody).run_once(NOW)
    assert recorded(store) == {"late": (NOW + 0.5, None)}


async def test_a_kill_between_store_and_redis_writes_nothing_twice(
    redis: Client, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await answer_event(redis, store, "twice")
    await confirm_seen(redis, "twice")
    dying = OutcomeQueue(redis, CONFIRM)

    async def killed(_: object) -> None:
        raise ConnectionError("killed")

    monkeypatch.setattr(dying, "acknowledge", killed)
    with pytest.raises(ConnectionError):
        await OutcomeWriter(dying, store, nobody).run_once(NOW)
    with psycopg.connect(store, autocommit=True) as connection:
        written = connection.execute("select xmin::text from stress_events").fetchone()
        await OutcomeWriter(OutcomeQueue(redis, CONFIRM), store, nobody).run_once(NOW)
        assert connection.execute("select xmin::text from stress_events").fetchone() == written
    assert await nothing_left(redis)


async def test_an_outcome_without_an_event_in_the_store_is_skipped(redis: Client, store: str) -> None:
    calm = EmergencyCalm("nowhere", "ada", {}, int(EXPIRES * 1000), RAISED)
    await AnswerStore(redis, 86_400).record(calm, 1, NOW)
    await answer_event(redis, store, "here")
    await OutcomeWriter(OutcomeQueue(redis, CONFIRM), store, nobody).run_once(AFTER)
    assert recorded(store) == {"here": (None, EXPIRES)}
    assert await nothing_left(redis)


@pytest.mark.parametrize(
    "fields",
    [
        {"outcome": "seen", "at": "1", "push": "{"},
        {"outcome": "seen", "at": "1"},
        {
            "outcome": "seen",
            "at": "9" * 18,
            "push": PUSH,
        },
        {"outcome": "seen", "at": "1", "push": b'{"type": "emergency_calm", "event_id": "\xff"}'},
        {"outcome": "seen", "at": "1", "push": '{"x": ' + "[" * 100_000},
        {"outcome": b"\xff", "at": "1", "push": PUSH},
    ],
    ids=["no JSON", "no push", "no date", "no UTF-8", "nested", "outcome"],
)
async def test_an_invalid_outcome_blocks_no_other(redis: Client, store: str, fields: dict[str, str | bytes]) -> None:
    await redis.xadd(pushes.OUTCOMES, fields)  # pyright: ignore[reportArgumentType]
    await answer_event(redis, store, "behind-it")
    await confirm_seen(redis, "behind-it")
    await OutcomeWriter(OutcomeQueue(redis, CONFIRM), store, nobody).run_once(NOW)
    assert recorded(store)["behind-it"]
    assert await nothing_left(redis)


async def test_an_open_push_that_cannot_be_read_blocks_no_other(redis: Client, store: str) -> None:
    await redis.zadd(pushes.OPEN, {b"\xff ada": 1, b"": 2})
    await answer_event(redis, store, "behind-it")
    await OutcomeWriter(OutcomeQueue(redis, CONFIRM), store, nobody).run_once(AFTER)
    assert recorded(store) == {"behind-it": (None, EXPIRES)}
    assert await nothing_left(redis)


async def test_outcomes_are_written_in_batches(redis: Client, store: str) -> None:
    answers = AnswerStore(redis, 86_400)
    for i in range(501):
        await answers.record(EmergencyCalm(f"many-{i}", "ada", {}, int(EXPIRES * 1000), RAISED), 1, NOW)
    writer = OutcomeWriter(OutcomeQueue(redis, CONFIRM), store, nobody)
    assert await writer.run_once(AFTER)
    assert not await writer.run_once(AFTER)
    assert await nothing_left(redis)


async def test_a_pending_push_is_the_recorded_answer(redis: Client, store: str) -> None:
    await answer_event(redis, store, "kept", user="kay")
    value = await redis.hget(PENDING_KEY + "kay", "kept")  # pyright: ignore[reportGeneralTypeIssues]
    assert msgspec.json.decode(value or b"", type=EmergencyCalm).raised == RAISED
    await confirm_seen(redis, "kept", "kay")


@pytest.mark.parametrize("event_id", ["a\0b", "a\ud800b"], ids=["NUL", "lone surrogate"])
async def test_an_outcome_that_the_store_cannot_hold_stops_no_other(redis: Client, store: str, event_id: str) -> None:
    events = [f"event-{i}" for i in range(5)]
    for event in events:
        await answer_event(redis, store, event)
        await confirm_seen(redis, event)
    outcomes = await OutcomeQueue(redis, CONFIRM).pending()
    poison = dataclasses.replace(outcomes[0], event_id=event_id)
    async with await psycopg.AsyncConnection.connect(store) as connection:
        new, refused = await write_all(connection, [*outcomes[:2], poison, *outcomes[2:]])
    assert (new, [outcome for outcome, _ in refused]) == ([pushes.SEEN] * 5, [poison])
    with psycopg.connect(store) as connection:
        assert connection.execute("select count(seen_at) from stress_events").fetchone() == (5,)


async def test_an_outcome_leaves_redis_once_others_know_that_it_was_seen(redis: Client, store: str) -> None:
    for event_id in ("told", "missed-it"):
        await answer_event(redis, store, event_id)
    await confirm_seen(redis, "told")
    told: list[list[dict[str, Any]]] = []

    async def away(_: Sequence[Outcome]) -> None:
        raise KafkaConnectionError

    async def tell(outcomes: Sequence[Outcome]) -> None:
        told.append([record(outcome) for outcome in outcomes])

    with pytest.raises(KafkaConnectionError):
        await OutcomeWriter(OutcomeQueue(redis, CONFIRM), store, away).run_once(NOW)
    assert recorded(store)["told"] == (NOW + 0.5, None)
    await OutcomeWriter(OutcomeQueue(redis, CONFIRM), store, tell).run_once(NOW)
    ((event,),) = told
    happened = read(event["value"])
    assert (happened.kind, happened.user, happened.at) == (Kind.CALM_SEEN, "ada", int(NOW * 1000) + 500)
    assert event["headers"] == [(EVENT_ID, happened.id.encode())]
    assert await redis.xlen(pushes.OUTCOMES) == 0
