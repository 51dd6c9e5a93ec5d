"""HTTP endpoints of the recommend service."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator

import msgspec
from fastapi import FastAPI, Request
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.responses import JSONResponse, Response

from contracts import webhook
from contracts.records import StressEvent
from services.kit import app, logs
from services.recommend.answers import Answers
from services.recommend.content.catalog import Library
from services.recommend.content.embedding import Embedder
from services.recommend.content.vectors import Vectors
from services.recommend.outcomes.queue import Outcomes
from services.recommend.outcomes.writer import Ledger
from services.recommend.responder import Responder
from services.recommend.settings import RecommendSettings

log = logs.get(__name__)


def create(settings: RecommendSettings, embedder: Embedder, library: Library) -> FastAPI:
    """The application. 200 with the push, also for a repeat; 401 untrusted; 422 no event; 503 try again."""
    redis = Redis.from_url(settings.redis_url, health_check_interval=15, socket_connect_timeout=2)
    answers = Answers(redis, settings.heard_seconds)
    responder = Responder(
        answers, Vectors(redis, embedder), library, language=settings.language, push_seconds=settings.push_seconds
    )
    ledger = Ledger(Outcomes(redis, settings.confirm_seconds), settings.timeseries_url.get_secret_value())
    secret = settings.webhook_secret.get_secret_value()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        keeping = asyncio.create_task(ledger.run())
        keeping.add_done_callback(_ended)
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])
            await redis.aclose()

    service = app.create("recommend", checks={"redis": redis.ping}, lifespan=lifespan)

    @service.post("/v1/stress-events")
    async def stress_event(request: Request) -> Response:
        body, now = await request.body(), time.time()
        headers = request.headers
        why = webhook.refusal(
            secret, headers.get(webhook.TIMESTAMP, ""), headers.get(webhook.SIGNATURE, ""), body, int(now)
        )
        if why:
            return JSONResponse({"error": why}, 401)
        try:
            event = msgspec.json.decode(body, type=StressEvent)
        except msgspec.MsgspecError as error:
            return JSONResponse({"error": f"not a stress event: {error}"}, 422)
        if headers.get(webhook.IDEMPOTENCY_KEY) != event.event_id:
            return JSONResponse({"error": f"{webhook.IDEMPOTENCY_KEY} must be the id of the event"}, 422)
        try:
            calm = await responder.answer(event, now)
        except RedisError as error:
            log.warning("redis_away", error=str(error))
            return JSONResponse({"error": "answers can't be kept just now; send it again"}, 503, {"Retry-After": "1"})
        return Response(msgspec.json.encode(calm), media_type="application/json")

    return service


def _ended(keeping: asyncio.Task[None]) -> None:
    """Outcomes would pile up unwritten behind a process that looks well: better that it is started again."""
    if not keeping.cancelled() and (error := keeping.exception()) is not None:
        log.critical("ledger_failed", exc_info=error)
        os.kill(os.getpid(), signal.SIGTERM)
