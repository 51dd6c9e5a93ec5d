"""HTTP endpoints of the history service."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Request
from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from services.history.schemas import Event, History, Window
from services.history.settings import HistorySettings
from services.history.span import EVENTS, BadSpan, Resolution, span, windows_query
from services.kit import app
from services.kit.keys import KeysUnavailable
from services.kit.tokens import InvalidToken, Verifier


def create(settings: HistorySettings) -> FastAPI:
    """The application. Everybody sees their own history and nobody else's: the user is the token's."""
    verifier = Verifier.configured(settings)
    pool = AsyncConnectionPool(
        settings.timeseries_url.get_secret_value(), min_size=1, max_size=settings.pool_size, open=False
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
    async def history(
        request: Request,
        resolution: Resolution = Resolution.MINUTE,
        start: Annotated[datetime | None, Query(alias="from")] = None,
        end: Annotated[datetime | None, Query(alias="to")] = None,
    ) -> History:
        user = await _user(verifier, request)
        try:
            start, end = span(resolution, start, end, datetime.now(UTC))
        except BadSpan as error:
            raise HTTPException(422, str(error)) from error
        asked = {"user": user, "start": start, "end": end}
        async with pool.connection() as connection:
            async with connection.cursor(row_factory=class_row(Window)) as cursor:
                windows = await (await cursor.execute(windows_query(resolution), asked)).fetchall()
            async with connection.cursor(row_factory=class_row(Event)) as cursor:
                events = await (await cursor.execute(EVENTS, asked)).fetchall()
        return History(user=user, resolution=resolution, windows=windows, events=events)

    return service


async def _user(verifier: Verifier, request: Request) -> str:
    try:
        return (await verifier.caller(request)).user
    except InvalidToken as error:
        raise HTTPException(401, str(error), headers={"WWW-Authenticate": "Bearer"}) from error
    except KeysUnavailable as error:
        raise HTTPException(503, str(error), headers={"Retry-After": "5"}) from error
