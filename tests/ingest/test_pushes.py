"""Delivery of pushes from Redis to the connections of their users."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import redis as redis_sync
from redis.asyncio import Redis as Client

from contracts import pushes
from contracts.platform import PENDING_KEY, PUSH_CHANNEL
from contracts.stream import EmergencyCalm
from local.engines.redis import Redis
from tests.ingest.conftest import Starter
from tests.ingest.harness import Stream, acks, frame, receive, wait_until

pytestmark = pytest.mark.integration


@pytest.fixture
async def client(redis: Redis) -> AsyncIterator[Client]:
    async with Client.from_url(redis.url) as client:
        yield client


async def push(client: Client, user: str, event_id: str, seconds: float = 60) -> None:
    """As `recommend` does: first pending, then published."""
    calm = EmergencyCalm(event_id, user, {"title": "Slow breaths"}, int((time.time() + seconds) * 1000))
    value = msgspec.json.encode(calm)
    await client.hset(PENDING_KEY + user, event_id, value)  # pyright: ignore[reportGeneralTypeIssues]
    await client.publish(PUSH_CHANNEL, value)


def nothing_pending(redis: Redis, user: str) -> bool:
    """Whether nothing is pending for the user."""
    with redis_sync.Redis.from_url(redis.url) as client:
        return not client.exists(PENDING_KEY + user)


async def test_a_push_reaches_an_open_connection_once_and_is_removed_when_seen(
    stream: Stream, redis: Redis, client: Client
) -> None:
    async with stream.connect("opal") as socket:
        await socket.send(frame(1))
        await acks(socket, 1)
        await push(client, "opal", "e1")
        got = await receive(socket)
        assert (got["type"], got["event_id"], got["content"]) == ("emergency_calm", "e1", {"title": "Slow breaths"})
        await socket.send('{"seen": "e1"}')
        await wait_until("the push to be removed", lambda: nothing_pending(redis, "opal"))
        await socket.send(frame(2))
        assert (await receive(socket)) == {"ack": 2}


async def test_a_seen_push_is_an_outcome_and_another_users_push_is_not(
    stream: Stream, redis: Redis, client: Client
) -> None:
    await client.delete(pushes.OUTCOMES)
    for user in ("wim", "xenia"):
        await push(client, user, f"of-{user}")
        await client.zadd(pushes.OPEN, {pushes.ticket(f"of-{user}", user): 1})
    async with stream.connect("wim") as socket:
        assert (await receive(socket))["event_id"] == "of-wim"
        await socket.send('{"seen": "of-xenia"}')
        await socket.send('{"seen": "of-wim"}')
        await socket.send('{"seen": "of-wim"}')
        await wait_until("the push to be removed", lambda: nothing_pending(redis, "wim"))
        await socket.send(frame(1))
        await acks(socket, 1)
        await wait_until("the count", lambda: stream.service.metric("aura_ingest_seen_total") == 1)
    outcomes: Any = await client.xrange(pushes.OUTCOMES)
    ((_, outcome),) = outcomes
    assert outcome[b"outcome"] == b"seen"
    assert abs(time.time() * 1000 - int(outcome[b"at"])) < 60_000
    assert msgspec.json.decode(outcome[b"push"], type=EmergencyCalm).event_id == "of-wim"
    assert not nothing_pending(redis, "xenia")
    assert await client.zscore(pushes.OPEN, pushes.ticket("of-wim", "wim")) is None
    assert await client.zscore(pushes.OPEN, pushes.ticket("of-xenia", "xenia")) == 1


async def test_a_push_both_pending_and_published_is_sent_once_on_a_connection(stream: Stream, client: Client) -> None:
    await push(client, "olga", "e0")
    async with stream.connect("olga") as socket:
        assert (await receive(socket))["event_id"] == "e0"
        await push(client, "olga", "e0")
        await push(client, "olga", "next")
        assert (await receive(socket))["event_id"] == "next"


async def test_a_push_is_not_sent_to_other_users(stream: Stream, client: Client) -> None:
    async with stream.connect("paul") as socket:
        await socket.send(frame(1))
        await acks(socket, 1)
        await push(client, "petra", "e2")
        await socket.send(frame(2))
        assert (await receive(socket)) == {"ack": 2}


async def test_a_push_for_an_offline_user_waits_until_they_connect(
    stream: Stream, redis: Redis, client: Client
) -> None:
    await push(client, "quinn", "e3")
    for _ in range(2):  # not confirmed: shown at every connection
        async with stream.connect("quinn") as socket:
            assert (await receive(socket))["event_id"] == "e3"
    async with stream.connect("quinn") as socket:
        await receive(socket)
        await socket.send('{"seen": "e3"}')
        await wait_until("the push to be removed", lambda: nothing_pending(redis, "quinn"))
    async with stream.connect("quinn") as socket:
        await socket.send(frame(1))
        assert (await receive(socket)) == {"ack": 1}


async def test_an_expired_push_is_not_shown(stream: Stream, client: Client) -> None:
    await push(client, "rosa", "old", seconds=-1)
    await push(client, "rosa", "new")
    async with stream.connect("rosa") as socket:
        assert (await receive(socket))["event_id"] == "new"


async def test_a_push_reaches_the_process_with_the_connection(start: Starter, client: Client) -> None:
    one, two = await asyncio.to_thread(start), await asyncio.to_thread(start)
    async with one.connect("sam") as socket, two.connect("tom") as other:
        for connection in (socket, other):
            await connection.send(frame(1))
            await acks(connection, 1)
        await push(client, "tom", "e4")
        assert (await receive(other))["event_id"] == "e4"
        await socket.send(frame(2))
        assert (await receive(socket)) == {"ack": 2}


async def test_pushes_arrive_after_a_redis_outage(stream: Stream, redis: Redis, client: Client) -> None:
    async with stream.connect("uma") as socket:
        await socket.send(frame(1))
        await acks(socket, 1)
        await asyncio.to_thread(redis.process.kill)
        await socket.send(frame(2))
        assert (await receive(socket)) == {"ack": 2}
        await asyncio.to_thread(redis.ensure)
        await push(client, "uma", "e5")
        assert (await receive(socket))["event_id"] == "e5"


INVALID = {"no-json": b"not a push", "no-utf-8": b'{"type": "\xff"}', "nested": b"[" * 100_000}


@pytest.mark.parametrize("user", INVALID)
async def test_an_invalid_push_is_ignored(stream: Stream, client: Client, user: str) -> None:
    await client.hset(PENDING_KEY + user, "odd", INVALID[user])  # pyright: ignore[reportGeneralTypeIssues]
    async with stream.connect(user) as socket:
        await socket.send(frame(1))
        await acks(socket, 1)
        await client.publish(PUSH_CHANNEL, INVALID[user])
        await push(client, user, "e6")
        assert (await receive(socket))["event_id"] == "e6"
