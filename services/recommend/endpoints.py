"""HTTP endpoints of the recommend service."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import msgspec
from fastapi import FastAPI, Request
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.responses import JSONResponse, Response

from contracts import webhook
from contracts.records import StressEvent
from contracts.stream import EmergencyCalm
from services.kit import app, logs
from services.recommend.answers import Answers
from services.recommend.library import Library
from services.recommend.need import need_of
from services.recommend.settings import RecommendSettings

log = logs.get(__name__)


def create(settings: RecommendSettings, library: Library) -> FastAPI:
    """The application. 200 with the push, also for a repeat; 401 untrusted; 422 no event; 503 try again."""
    redis = Redis.from_url(settings.redis_url, health_check_interval=15, socket_connect_timeout=2)
    answers = Answers(redis, settings.push_seconds, settings.heard_seconds)
    secret = settings.webhook_secret.get_secret_value()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
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
        except msgspec.DecodeError as error:
            return JSONResponse({"error": f"not a stress event: {error}"}, 422)
        try:
            calm = await answers.given(event.event_id) or await answer(event, now)
        except RedisError as error:
            log.warning("redis_away", error=str(error))
            return JSONResponse({"error": "answers can't be kept just now; send it again"}, 503, {"Retry-After": "1"})
        return Response(msgspec.json.encode(calm), media_type="application/json")

    async def answer(event: StressEvent, now: float) -> EmergencyCalm:
        need = need_of(event.evidence)
        heard = await answers.heard(event.user, now)
        found = await asyncio.to_thread(library.suited, need, settings.language, heard)
        # Somebody who has heard everything that suits hears the best again: an answer matters more than a new one.
        item = (found or await asyncio.to_thread(library.suited, need, settings.language, ()))[0]
        content = {**msgspec.to_builtins(item), "need": need.name}
        expires = int((now + settings.push_seconds) * 1000)
        calm = await answers.give(EmergencyCalm(event.event_id, event.user, content, expires), item.id, now)
        log.info("calm_offered", event_id=event.event_id, need=need.name, item=item.id, event_trace=event.trace)
        return calm

    return service
