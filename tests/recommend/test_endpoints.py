"""The webhook on a real Redis: trusted, answered once, pushed once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis as Client

from contracts import webhook
from contracts.platform import PENDING_KEY, PUSH_CHANNEL
from contracts.records import Evidence, StressEvent
from contracts.stream import EmergencyCalm
from local.engines.redis import Redis
from local.toolchain import tools
from services.recommend.embedding import Embedder
from services.recommend.endpoints import create
from services.recommend.library import Library, catalogue
from services.recommend.settings import RecommendSettings

pytestmark = pytest.mark.integration

SECRET = "known to this test only"
EVIDENCE = Evidence(100, 62, 18, 44, 1, 12, 5, "gate", "1")


@pytest.fixture(scope="module")
def library() -> Library:
    return Library(Embedder(tools.model()), catalogue())


@pytest.fixture
async def redis(redis: Redis) -> AsyncIterator[Client]:
    client = Client.from_url(redis.url)
    yield client
    await client.aclose()


@pytest.fixture
async def recommend(redis: Client, library: Library) -> AsyncIterator[httpx.AsyncClient]:
    url = "redis://{host}:{port}".format(**redis.connection_pool.connection_kwargs)
    settings = RecommendSettings(redis_url=url, webhook_secret=SecretStr(SECRET), embedding_model_dir=tools.model())
    transport = httpx.ASGITransport(create(settings, library))
    async with httpx.AsyncClient(transport=transport, base_url="http://recommend") as client:
        yield client


def event(name: str, user: str = "ada") -> bytes:
    return msgspec.json.encode(StressEvent(f"{name}-{time.time_ns()}", user, 1, 1, "", EVIDENCE))


async def send(
    recommend: httpx.AsyncClient, body: bytes, secret: str = SECRET, age: int = 0, signed: bytes | None = None
) -> httpx.Response:
    at = int(time.time()) - age
    signature = webhook.sign(secret, at, signed or body)
    headers = {webhook.TIMESTAMP: str(at), webhook.SIGNATURE: signature}
    return await recommend.post("/v1/stress-events", content=body, headers=headers)


async def test_an_event_is_answered_kept_pending_and_published(recommend: httpx.AsyncClient, redis: Client) -> None:
    async with redis.pubsub() as channel:
        await channel.subscribe(PUSH_CHANNEL)
        await channel.get_message(timeout=5)
        answer = await send(recommend, event("first", "pia"))
        async with asyncio.timeout(5):
            while (message := await channel.get_message(ignore_subscribe_messages=True, timeout=1)) is None:
                pass

    assert answer.status_code == 200
    calm = msgspec.json.decode(answer.content, type=EmergencyCalm)
    assert calm.user == "pia"
    assert calm.expires > time.time() * 1000
    assert msgspec.json.decode(message["data"], type=EmergencyCalm) == calm
    assert await redis.hget(PENDING_KEY + "pia", calm.event_id) == answer.content
    assert 0 < await redis.ttl(PENDING_KEY + "pia") <= 900


async def test_the_same_event_sent_many_times_at_once_is_pushed_once(
    recommend: httpx.AsyncClient, redis: Client
) -> None:
    body = event("repeated", "rita")
    async with redis.pubsub() as channel:
        await channel.subscribe(PUSH_CHANNEL)
        await channel.get_message(timeout=5)
        answers = await asyncio.gather(*(send(recommend, body) for _ in range(20)))
        published = 0
        while await channel.get_message(ignore_subscribe_messages=True, timeout=0.5):
            published += 1

    assert {answer.content for answer in answers} == {answers[0].content}
    assert published == 1
    assert await redis.hlen(PENDING_KEY + "rita") == 1


async def test_a_second_event_offers_something_else(recommend: httpx.AsyncClient) -> None:
    titles = [(await send(recommend, event("again", "tom"))).json()["content"]["title"] for _ in range(3)]
    assert len(set(titles)) == 3


@pytest.mark.parametrize(
    "how", [{"secret": "another"}, {"age": 3600}, {"signed": b"something else"}], ids=["secret", "replay", "body"]
)
async def test_what_cannot_be_trusted_is_401_and_leaves_no_trace(
    recommend: httpx.AsyncClient, redis: Client, how: dict
) -> None:
    answer = await send(recommend, event("forged", "mallory"), **how)
    assert answer.status_code == 401
    assert not await redis.exists(PENDING_KEY + "mallory")


async def test_a_trusted_body_that_is_no_event_is_422(recommend: httpx.AsyncClient) -> None:
    assert (await send(recommend, b'{"event_id": 1}')).status_code == 422
