"""What Redis has is never older than what a person was told; without Redis and Kafka everything is still answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis.asyncio import Redis

from services.users.app import create
from services.users.cache import CONNECTIONS, Cache, client
from tests.fixtures.waiting import until
from tests.history.harness import ServerThread
from tests.users.conftest import Service

pytestmark = pytest.mark.integration
NOBODY = "127.0.0.1:1"


@pytest.fixture(scope="module")
def cut_off(service: Service) -> Iterator[Service]:
    """A second Pod on the same database, which reaches neither Redis nor Kafka."""
    settings = service.settings.model_copy(update={"redis_url": f"redis://{NOBODY}/0", "kafka_bootstrap": NOBODY})
    application = create(settings)
    with ServerThread(application, settings) as address:
        pod = Service(settings, application, address, service.key)
        yield pod
        for client in pod.clients:
            client.close()


def test_a_pod_without_redis_and_kafka_answers_and_the_others_carry_on_what_it_stored(
    service: Service, cut_off: Service
) -> None:
    here, there = service.client("away"), cut_off.client("away")
    assert here.get("/launch").json()["display_name"] is None
    there.put("/profile", json={"display_name": "Ada"}, headers={"If-Match": '"0"'}).raise_for_status()
    there.post("/check-ins", json={}).raise_for_status()
    assert there.get("/launch").json()["display_name"] == "Ada"
    until("the name", lambda: here.get("/launch").json()["display_name"] == "Ada")
    until("the points", lambda: here.get("/launch").json()["points"] == 10)


def test_a_launch_after_a_change_shows_it_whatever_else_happens(service: Service) -> None:
    client = service.client("away-race")
    with ThreadPoolExecutor(4) as readers:
        for version in range(15):
            reads = [readers.submit(client.get, "/launch") for _ in range(4)]
            answer = client.put("/profile", json={"display_name": f"n{version}"}, headers={"If-Match": f'"{version}"'})
            answer.raise_for_status()
            assert client.get("/launch").json()["display_name"] == f"n{version}"
            assert all(read.result().status_code == 200 for read in reads)
            assert client.get("/launch").json()["display_name"] == f"n{version}"


async def test_facts_that_were_read_before_a_change_are_not_kept_after_it(service: Service) -> None:
    async with Redis.from_url(service.settings.redis_url) as redis:
        cache = Cache(redis)
        await cache.fill("away-old", 7, b"seven")
        assert await cache.facts("away-old") == b"seven"
        await cache.replace("away-old", 8, b"{}")
        assert await cache.facts("away-old") is None
        await cache.fill("away-old", 7, b"seven")
        assert await cache.facts("away-old") is None
        await cache.fill("away-old", 8, b"eight")
        await cache.replace("away-old", 7, b"")
        assert await cache.facts("away-old") == b"eight"
        assert await redis.get("users:preferences:away-old") == b"{}"


async def test_many_launches_at_once_share_few_connections_to_redis(service: Service) -> None:
    async with client(service.settings.redis_url, "") as redis:
        cache = Cache(redis)
        await cache.fill("crowd", 1, b"facts")
        before = len(await redis.client_list())
        answers = await asyncio.gather(*(cache.facts("crowd") for _ in range(8 * CONNECTIONS)))
        assert answers == [b"facts"] * len(answers)
        assert len(await redis.client_list()) - before < CONNECTIONS


async def test_after_an_error_redis_is_not_asked_for_a_moment() -> None:
    now = 0.0
    async with Redis.from_url(f"redis://{NOBODY}/0") as redis:
        cache = Cache(redis, clock=lambda: now)
        assert await cache.facts("anybody") is None
        asked: list[object] = []

        async def hget(*arguments: object) -> None:
            asked.append(arguments)

        redis.hget = hget  # pyright: ignore[reportAttributeAccessIssue]
        assert await cache.facts("anybody") is None
        assert not asked
        now = 1.5
        assert await cache.facts("anybody") is None
        assert asked
        await asyncio.sleep(0)
