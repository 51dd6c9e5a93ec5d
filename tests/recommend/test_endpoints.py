"""The webhook on a real Redis: authenticated, answered once, pushed once."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis as Client

from contracts import pushes, webhook
from contracts.platform import PENDING_KEY, PUSH_CHANNEL
from contracts.preferences import PREFERENCES_KEY, Preferences
from contracts.records import Evidence, StressEvent
from contracts.stream import EmergencyCalm
from local.engines.redis import Redis
from local.toolchain import tools
from services.recommend.content.catalog import Catalog, load_items
from services.recommend.content.embedding import Embedder
from services.recommend.content.vectors import VECTOR_KEY
from services.recommend.endpoints import create
from services.recommend.settings import RecommendSettings

pytestmark = pytest.mark.integration

SECRET = "known to this test only"
EVIDENCE = Evidence(100, 62, 18, 44, 1, 12, 5, "gate", "1")


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(tools.model())


@pytest.fixture(scope="module")
def catalog(embedder: Embedder) -> Catalog:
    return Catalog(embedder, load_items())


@pytest.fixture
async def redis(redis: Redis) -> AsyncIterator[Client]:
    async with Client.from_url(redis.url) as client:
        yield client
        await client.flushdb()  # other tests use the same user ids


@pytest.fixture
async def recommend(redis: Client, embedder: Embedder, catalog: Catalog) -> AsyncIterator[httpx.AsyncClient]:
    settings = RecommendSettings(
        redis_url="redis://{host}:{port}".format(**redis.connection_pool.connection_kwargs),
        kafka_bootstrap="127.0.0.1:1",  # ... nor tell of any
        webhook_secret=SecretStr(SECRET),
        embedding_model_dir=tools.model(),
        timeseries_url=SecretStr("postgresql://nobody@127.0.0.1:1/none"),  # these tests do not write outcomes
    )
    transport = httpx.ASGITransport(create(settings, embedder, catalog))
    async with httpx.AsyncClient(transport=transport, base_url="http://recommend") as client:
        yield client


def event(name: str, user: str = "ada", heart_rate: float = 100) -> bytes:
    evidence = msgspec.structs.replace(EVIDENCE, heart_rate=heart_rate)
    return msgspec.json.encode(StressEvent(f"{name}-{time.time_ns()}", user, 1_700_000_000_123, 1, "", evidence))


def request(body: bytes, secret: str = SECRET, age: int = 0, signed: bytes | None = None) -> dict[str, str]:
    """The headers of a request signed `age` seconds ago."""
    at = int(time.time()) - age
    event_id = json.loads(body).get("event_id", "")
    return {
        webhook.TIMESTAMP: str(at),
        webhook.SIGNATURE: webhook.sign(secret, at, signed or body),
        webhook.IDEMPOTENCY_KEY: str(event_id),
    }


async def send(
    recommend: httpx.AsyncClient, body: bytes, headers: dict[str, str] | None = None, **how: Any
) -> httpx.Response:
    return await recommend.post("/v1/stress-events", content=body, headers=headers or request(body, **how))


@asynccontextmanager
async def published(redis: Client) -> AsyncIterator[list[bytes]]:
    """All that is published within the block, complete when it has ended."""
    values: list[bytes] = []
    async with redis.pubsub() as channel:
        await channel.subscribe(PUSH_CHANNEL)
        await channel.get_message(timeout=5)
        yield values
        await redis.publish(PUSH_CHANNEL, b"the end")
        async with asyncio.timeout(10):
            while not values or values[-1] != b"the end":
                if message := await channel.get_message(ignore_subscribe_messages=True, timeout=1):
                    values.append(message["data"])
    values.pop()


async def test_an_event_is_answered_pending_and_published(recommend: httpx.AsyncClient, redis: Client) -> None:
    async with published(redis) as pushes_:
        answer = await send(recommend, event("first", "pia"))

    assert answer.status_code == 200
    calm = msgspec.json.decode(answer.content, type=EmergencyCalm)
    assert (calm.user, calm.raised) == ("pia", 1_700_000_000_123)
    assert calm.expires > time.time() * 1000
    assert [msgspec.json.decode(push, type=EmergencyCalm) for push in pushes_] == [calm]
    assert await redis.hget(PENDING_KEY + "pia", calm.event_id) == answer.content
    assert await redis.zscore(pushes.OPEN, pushes.ticket(calm.event_id, "pia")) == calm.expires


async def test_the_same_event_sent_many_times_at_once_is_pushed_once(
    recommend: httpx.AsyncClient, redis: Client
) -> None:
    body = event("repeated", "rita")
    async with published(redis) as pushes_:
        answers = await asyncio.gather(*(send(recommend, body) for _ in range(20)))

    assert {answer.content for answer in answers} == {answers[0].content}
    assert len(pushes_) == 1
    assert await redis.hlen(PENDING_KEY + "rita") == 1


async def test_a_replay_within_the_tolerance_gets_the_same_answer_and_no_second_push(
    recommend: httpx.AsyncClient, redis: Client
) -> None:
    body = event("captured", "carl")
    headers = request(body, age=webhook.TOLERANCE_SECONDS - 60)
    async with published(redis) as pushes_:
        first = await send(recommend, body, headers)
        # The user saw the push: nothing is pending, and the replay must not make it pending again.
        keys = [PENDING_KEY + "carl", pushes.OPEN, pushes.OUTCOMES]
        await redis.eval(pushes.CLOSE, 3, *keys, json.loads(body)["event_id"], "carl", pushes.SEEN, "1")
        again = await send(recommend, body, headers)

    assert (again.status_code, again.content) == (200, first.content)
    assert len(pushes_) == 1
    assert not await redis.exists(PENDING_KEY + "carl")


async def test_a_replay_after_the_tolerance_is_refused(recommend: httpx.AsyncClient, redis: Client) -> None:
    body = event("captured", "cleo")
    async with published(redis) as pushes_:
        answer = await send(recommend, body, request(body, age=webhook.TOLERANCE_SECONDS + 2))

    assert answer.status_code == 401
    assert str(webhook.TOLERANCE_SECONDS) in answer.json()["detail"]
    assert not pushes_
    assert not await redis.exists(PENDING_KEY + "cleo")


async def test_a_newly_signed_retry_gets_the_same_answer(recommend: httpx.AsyncClient) -> None:
    body = event("retried", "rosa")
    first, retry = await send(recommend, body, age=200), await send(recommend, body)
    assert (retry.status_code, retry.content) == (200, first.content)


async def test_the_idempotency_key_must_be_the_event(recommend: httpx.AsyncClient, redis: Client) -> None:
    body = event("keyed", "kim")
    for key in ("another", None):
        headers = {k: v for k, v in {**request(body), webhook.IDEMPOTENCY_KEY: key}.items() if v is not None}
        answer = await send(recommend, body, headers)
        assert answer.status_code == 422
        assert webhook.IDEMPOTENCY_KEY in answer.json()["detail"]
    assert not await redis.exists(PENDING_KEY + "kim")


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


@pytest.mark.parametrize("header", [webhook.TIMESTAMP, webhook.SIGNATURE])
@pytest.mark.parametrize("value", [b"", b"\xb2", b"\xc3\xa9", b"9" * 5000, b"-1", b" "])
async def test_invalid_headers_are_401(recommend: httpx.AsyncClient, header: str, value: bytes) -> None:
    body = event("odd")
    headers = [(name.encode(), text.encode()) for name, text in request(body).items() if name != header]
    answer = await recommend.post("/v1/stress-events", content=body, headers=[*headers, (header.encode(), value)])
    assert answer.status_code == 401


async def test_preferences_decide_language_length_and_kind(recommend: httpx.AsyncClient, redis: Client) -> None:
    preferences = Preferences(language="de", longest_minutes=4, kinds=["grounding"])
    await redis.set(PREFERENCES_KEY + "pol", msgspec.json.encode(preferences))
    content = (await send(recommend, event("liked", "pol"))).json()["content"]
    assert (content["language"], content["kind"]) == ("de", "grounding")
    assert content["minutes"] <= 4


@pytest.mark.parametrize(
    "record",
    [
        b"not json",
        b'{"language": "german"}',
        b'{"kinds": 3}',
        b'{"timezone": "Mars/Base"}',
        b'{"kinds": ["\xff"]}',
        b'{"later": ' + b"[" * 100_000,
    ],
    ids=["no JSON", "language", "kinds", "zone", "no UTF-8", "nested"],
)
async def test_invalid_preferences_are_ignored(recommend: httpx.AsyncClient, redis: Client, record: bytes) -> None:
    await redis.set(PREFERENCES_KEY + "quy", record)
    answer = await send(recommend, event("odd", "quy"))
    assert (answer.status_code, answer.json()["content"]["language"]) == (200, "en")


async def test_a_language_without_content_is_answered_in_the_default(
    recommend: httpx.AsyncClient, redis: Client
) -> None:
    await redis.set(PREFERENCES_KEY + "fin", msgspec.json.encode(Preferences(language="fi")))
    content = (await send(recommend, event("rare", "fin"))).json()["content"]
    assert (content["language"], content["need"]) == ("en", "panic attack")
    assert content["minutes"] <= 5


async def test_after_all_suitable_items_were_played_the_best_is_repeated(
    recommend: httpx.AsyncClient, redis: Client
) -> None:
    await redis.set(PREFERENCES_KEY + "sol", msgspec.json.encode(Preferences(language="es")))
    fitting = [item for item in load_items() if item.language == "es" and item.minutes <= 5]
    titles = [(await send(recommend, event("more", "sol"))).json()["content"]["title"] for _ in range(len(fitting) + 1)]
    assert {*titles[:-1]} == {item.title for item in fitting}
    assert titles[-1] in titles[:-1]


async def test_a_vector_is_computed_once_for_equal_queries(
    recommend: httpx.AsyncClient, redis: Client, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    await redis.delete(*await redis.keys(VECTOR_KEY + "*"), "none")
    computed: list[str] = []
    embed = embedder.embed
    monkeypatch.setattr(embedder, "embed", lambda texts: computed.extend(texts) or embed(texts))
    items = [(await send(recommend, event("same", user))).json()["content"]["id"] for user in ("uma", "udo", "ute")]
    assert len(computed) == 1
    assert len({*items}) == 1
    (key,) = await redis.keys(VECTOR_KEY + "*")
    assert embedder.model in str(key)
    await redis.set(key, b"broken")
    assert (await send(recommend, event("same", "uli"))).json()["content"]["id"] == items[0]
    assert len(computed) == 2


async def test_an_authenticated_body_that_is_not_an_event_is_422(recommend: httpx.AsyncClient) -> None:
    assert (await send(recommend, b'{"event_id": 1}')).status_code == 422
