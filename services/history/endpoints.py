"""HTTP endpoints of the history service."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import psycopg
from fastapi import FastAPI, HTTPException, Query, Request
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from services.history.pagination import page
from services.history.schemas import Asked, Event, History, StoredEvent, Window
from services.history.settings import HistorySettings
from services.history.time_range import EVENTS, BadSpan, bounds, span, windows_query
from services.kit import app, logs
from services.kit.jwks import KeysUnavailable
from services.kit.tokens import InvalidToken, Verifier

log = logs.get(__name__)

STORE_SECONDS = 5.0


def create(settings: HistorySettings) -> FastAPI:
    """The application. Everybody sees their own history and nobody else's, whatever their roles: the token says whose.

    401 without a valid token; 422 for a question that makes no sense, saying why; 503 while the store is away.
    """
    verifier = Verifier.configured(settings)
    pool = AsyncConnectionPool(
        settings.timeseries_url.get_secret_value(),
        # Compiling a plan over three months of partitions took twenty times as long as running it.
        kwargs={"options": "-c jit=off"},
        min_size=1,
        max_size=settings.pool_size,
        timeout=STORE_SECONDS,
        open=False,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await pool.open()
        yield
        await pool.close()

    async def store_answers() -> None:
        async with pool.connection(timeout=1.5) as connection:
            await connection.execute("select 1")

    service = app.create("history", checks={"store": store_answers}, lifespan=lifespan)

    @service.get("/v1/history")
    async def history(request: Request, asked: Annotated[Asked, Query()]) -> History:
        user = await _user(verifier, request)
        now = datetime.now(UTC)
        try:
            start, end = span(asked.resolution, asked.start, asked.end, now)
        except BadSpan as error:
            raise HTTPException(422, str(error)) from error
        try:
            windows, events = await read(user, asked, start, end)
        except psycopg.Error as error:
            log.warning("store_away", error=str(error).strip())
            raise HTTPException(503, "the store does not answer; ask again", headers={"Retry-After": "5"}) from error
        windows, events, following = page(windows, events, asked.limit)
        return History(
            user=user,
            resolution=asked.resolution,
            windows=windows,
            events=[Event(**asdict(event), outcome=event.outcome(now)) for event in events],
            next=following,
        )

    async def read(user: str, asked: Asked, start: datetime, end: datetime) -> tuple[list[Window], list[StoredEvent]]:
        of = {"user": user, "limit": asked.limit + 1}
        first, past = bounds(asked.resolution, start, end)
        async with pool.connection() as connection:
            async with connection.cursor(row_factory=class_row(Window)) as cursor:
                await cursor.execute(windows_query(asked.resolution), of | {"start": first, "end": past})
                windows = await cursor.fetchall()
            async with connection.cursor(row_factory=class_row(StoredEvent)) as cursor:
                await cursor.execute(EVENTS, of | {"start": start, "end": end})
                return windows, await cursor.fetchall()

    return service


async def _user(verifier: Verifier, request: Request) -> str:
    try:
        return (await verifier.caller(request)).user
    except InvalidToken as error:
        raise HTTPException(401, str(error), headers={"WWW-Authenticate": "Bearer"}) from error
    except KeysUnavailable as error:
        raise HTTPException(503, str(error), headers={"Retry-After": "5"}) from error
