"""HTTP endpoints of the recommend service."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator

import msgspec
from fastapi import FastAPI, Request
from psycopg.conninfo import make_conninfo
from qdrant_client.http.exceptions import ApiException
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.responses import Response

from contracts import webhook
from contracts.connections import aiokafka_options, redis_options
from contracts.decoding import of_others
from contracts.platform import TOPIC_CONTENT_EVENTS
from contracts.records import StressEvent
from services.kit import app, background, consumer, logs
from services.kit.problems import Problem
from services.recommend.answers import AnswerStore
from services.recommend.content.catalog import Catalog
from services.recommend.content.embedding import Embedder
from services.recommend.content.live import LiveCatalog
from services.recommend.content.vectors import QueryVectors
from services.recommend.outcomes.publisher import SeenPublisher
from services.recommend.outcomes.queue import OutcomeQueue
from services.recommend.outcomes.writer import OutcomeWriter
from services.recommend.responder import Responder
from services.recommend.settings import RecommendSettings

log = logs.get(__name__)
_decode = of_others(msgspec.json.Decoder(StressEvent).decode)
_SOON = {"Retry-After": "1"}
"""An event is worth an answer for minutes only."""


def create(settings: RecommendSettings, embedder: Embedder, released: Catalog) -> FastAPI:
    """The application. 200 with the push, also for a repeat; 401 untrusted; 422 not an event; 503 retry.

    Answers are of what content has published, and of `released` until then. Raises as LiveCatalog does.
    """
    url = settings.redis_url
    redis = Redis.from_url(
        url, health_check_interval=15, socket_connect_timeout=2, **redis_options(url, settings.ca_file)
    )
    catalog = LiveCatalog(embedder, released, settings.qdrant_url)
    answers = AnswerStore(redis, settings.heard_seconds)
    responder = Responder(
        answers, QueryVectors(redis, embedder), catalog, language=settings.language, push_seconds=settings.push_seconds
    )
    store = make_conninfo(settings.timeseries_url.get_secret_value(), **settings.timeseries_verification)
    publisher = SeenPublisher(aiokafka_options(settings))
    writer = OutcomeWriter(OutcomeQueue(redis, settings.confirm_seconds), store, publisher.publish)
    secret = settings.webhook_secret.get_secret_value()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        following = consumer.follow(aiokafka_options(settings), TOPIC_CONTENT_EVENTS, catalog.handle, (ApiException,))
        async with background.running(writer.run(), following):
            yield
        await publisher.close()
        await redis.aclose()

    service = app.create("recommend", checks={"redis": redis.ping}, lifespan=lifespan)

    @service.post("/v1/stress-events")
    async def stress_event(request: Request) -> Response:
        body, now = await request.body(), time.time()
        headers = request.headers
        refusal = webhook.verification_error(
            secret, headers.get(webhook.TIMESTAMP, ""), headers.get(webhook.SIGNATURE, ""), body, int(now)
        )
        if refusal:
            raise Problem(401, refusal)
        try:
            event = _decode(body)
        except msgspec.MsgspecError as error:
            raise Problem(422, f"not a stress event: {error}") from error
        if headers.get(webhook.IDEMPOTENCY_KEY) != event.event_id:
            raise Problem(422, f"{webhook.IDEMPOTENCY_KEY} must be the id of the event")
        try:
            calm = await responder.answer(event, now)
        except RedisError as error:
            log.warning("redis_unavailable", error=str(error))
            raise Problem(503, "answers cannot be recorded at the moment; retry", headers=_SOON) from error
        except ApiException as error:
            log.warning("qdrant_unavailable", error=str(error))
            raise Problem(503, "the catalog does not answer at the moment; retry", headers=_SOON) from error
        return Response(msgspec.json.encode(calm), media_type="application/json")

    return service
