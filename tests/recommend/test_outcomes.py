"""What became of a push: seen or missed, once, in the store, whoever is away meanwhile. Real Redis, real PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from redis.asyncio import Redis as Client

from contracts import pushes, timeseries
from contracts.platform import PENDING_KEY
from contracts.stream import EmergencyCalm
from local.engines.redis import Redis
from services.recommend.answers import Answers
from services.recommend.outcomes.queue import Outcomes
from services.recommend.outcomes.writer import Ledger
from tests.fixtures.engines import Database

pytestmark = pytest.mark.integration

NOW = float(int(time.time()))
RAISED = int(NOW * 1000) - 5_123
EXPIRES = NOW + 900
CONFIRM = 60
AFTER = EXPIRES + CONFIRM + 1


@pytest.fixture
async def redis(redis: Redis) -> AsyncIterator[Client]:
    async with Client.from_url(redis.url) as client:
        await client.delete(pushes.OPEN, pushes.OUTCOMES)
        yield client
        await client.flushdb()  # other rooms' people have the same names


@pytest.fixture
def store(postgres: Database) -> str:
    uri = postgres.create("outcomes")
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("drop schema public cascade; create schema public")
        hour = timedelta(hours=1)
        for statement in [*timeseries.native(), *timeseries.ahead(datetime.fromtimestamp(NOW, UTC), hour, span=hour)]:
            connection.execute(statement.encode())
    return uri


async def give(redis: Client, store: str, event_id: str, user: str = "ada") -> None:
    """As the dataflow stores an event and recommend answers it."""
    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute(
            "insert into stress_events (event_id, user_id, raised_at, received_at, trace, evidence, responded_at)"
            " values (%s, %s, to_timestamp(%s / 1000.0), now(), '', '{}', now())",
            [event_id, user, RAISED],
        )
    calm = EmergencyCalm(event_id, user, {"title": "Slow breaths"}, int(EXPIRES * 1000), RAISED)
    await Answers(redis, 86_400).give(calm, 1, NOW)


async def see(redis: Client, event_id: str, user: str = "ada") -> int:
    """As ingest does when the app says so."""
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
        await give(redis, store, event_id)
    ledger = Ledger(Outcomes(redis, CONFIRM), store)
    assert await see(redis, "saw") == 1
    await ledger.carry(EXPIRES + CONFIRM - 1)
    assert recorded(store) == {"saw": (NOW + 0.5, None), "missed": (None, None)}
    await ledger.carry(AFTER)
    assert recorded(store) == {"saw": (NOW + 0.5, None), "missed": (None, EXPIRES)}
    assert await nothing_left(redis)


async def test_the_first_outcome_counts(redis: Client, store: str) -> None:
    await give(redis, store, "once")
    outcomes = Outcomes(redis, CONFIRM)
    assert await outcomes.miss_expired(AFTER) == 1
    assert await see(redis, "once") == 0
    assert await outcomes.miss_expired(AFTER) == 0
    await Ledger(outcomes, store).carry(AFTER)
    assert recorded(store) == {"once": (None, EXPIRES)}


async def test_nobody_confirms_for_somebody_else(redis: Client, store: str) -> None:
    await give(redis, store, "hers")
    assert await see(redis, "hers", user="mallory") == 0
    assert await see(redis, "hers") == 1


async def test_outcomes_wait_for_a_store_that_is_away(redis: Client, store: str) -> None:
    await give(redis, store, "late")
    await see(redis, "late")
    with pytest.raises(psycopg.OperationalError):
        await Ledger(Outcomes(redis, CONFIRM), "postgresql://nobody@127.0.0.1:1/none").carry(NOW)
    await Ledger(Outcomes(redis, CONFIRM), store).carry(NOW)
    assert recorded(store) == {"late": (NOW + 0.5, None)}


async def test_killed_between_store_and_redis_nothing_is_written_twice(
    redis: Client, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await give(redis, store, "twice")
    await see(redis, "twice")
    dying = Outcomes(redis, CONFIRM)

    async def killed(_: object) -> None:
        raise ConnectionError("killed here")

    monkeypatch.setattr(dying, "written", killed)
    with pytest.raises(ConnectionError):
        await Ledger(dying, store).carry(NOW)
    with psycopg.connect(store, autocommit=True) as connection:
        written = connection.execute("select xmin::text from stress_events").fetchone()
        await Ledger(Outcomes(redis, CONFIRM), store).carry(NOW)
        assert connection.execute("select xmin::text from stress_events").fetchone() == written
    assert await nothing_left(redis)


async def test_an_outcome_whose_event_is_not_in_the_store_stops_nothing(redis: Client, store: str) -> None:
    calm = EmergencyCalm("nowhere", "ada", {}, int(EXPIRES * 1000), RAISED)
    await Answers(redis, 86_400).give(calm, 1, NOW)
    await give(redis, store, "here")
    await Ledger(Outcomes(redis, CONFIRM), store).carry(AFTER)
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
            "push": '{"type": "emergency_calm", "event_id": "x", "user": "x", "content": {}, "expires": 1}',
        },
    ],
)
async def test_an_outcome_that_cannot_be_read_holds_up_no_other(
    redis: Client, store: str, fields: dict[str, str]
) -> None:
    await redis.xadd(pushes.OUTCOMES, fields)  # pyright: ignore[reportArgumentType]
    await give(redis, store, "behind-it")
    await see(redis, "behind-it")
    await Ledger(Outcomes(redis, CONFIRM), store).carry(NOW)
    assert recorded(store)["behind-it"]
    assert await nothing_left(redis)


async def test_more_than_one_round_is_carried_in_rounds(redis: Client, store: str) -> None:
    answers = Answers(redis, 86_400)
    for i in range(501):
        await answers.give(EmergencyCalm(f"many-{i}", "ada", {}, int(EXPIRES * 1000), RAISED), 1, NOW)
    ledger = Ledger(Outcomes(redis, CONFIRM), store)
    assert await ledger.carry(AFTER)
    assert not await ledger.carry(AFTER)
    assert await nothing_left(redis)


async def test_a_pending_push_reads_as_it_was_given(redis: Client, store: str) -> None:
    await give(redis, store, "kept", user="kay")
    value = await redis.hget(PENDING_KEY + "kay", "kept")  # pyright: ignore[reportGeneralTypeIssues]
    assert msgspec.json.decode(value or b"", type=EmergencyCalm).raised == RAISED
    await see(redis, "kept", "kay")
