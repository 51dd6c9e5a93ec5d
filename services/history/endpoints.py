"""HTTP endpoints of the history service."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import psycopg
from fastapi import FastAPI, Query
from psycopg.conninfo import make_conninfo
from psycopg.rows import class_row, dict_row

from contracts.connections import aiokafka_options
from contracts.platform import TOPIC_USER_EVENTS
from services.history.erasure import GROUP, Eraser
from services.history.pagination import Position, paginate
from services.history.queries import EVENTS, SETTLED, bounds, windows_query
from services.history.schemas import Event, History, HistoryQuery, StoredEvent, Window
from services.history.settings import HistorySettings
from services.history.time_range import EARLIEST, InvalidTimeRange, resolve_range
from services.kit import app, background, consumer
from services.kit.authentication import Caller
from services.kit.database import Pool
from services.kit.problems import Problem, documented
from services.kit.tokens import Verifier
from services.kit.zones import day_start

STORE_TIMEOUT_SECONDS = 5.0


def create(settings: HistorySettings) -> FastAPI:
    """The application. The token determines whose history is returned, whatever the caller's roles.

    401 without a valid token; 422 for invalid parameters, naming them; 503 while the store is unavailable.
    """
    pool = Pool(
        make_conninfo(settings.timeseries_url.get_secret_value(), **settings.timeseries_verification),
        # JIT compilation of a plan over three months of partitions took twenty times as long as executing it.
        kwargs={"options": "-c jit=off"},
        min_size=1,
        max_size=settings.pool_size,
        timeout=STORE_TIMEOUT_SECONDS,
        open=False,
    )

    kafka = aiokafka_options(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await pool.open()
        erasing = consumer.consume(kafka, TOPIC_USER_EVENTS, GROUP, Eraser(pool, kafka).handle)
        async with background.running(erasing):
            yield
        await pool.close()

    async def check_store() -> None:
        async with pool.connection(timeout=1.5) as connection:
            await connection.execute("select 1")

    service = app.create(
        "history",
        checks={"store": check_store},
        lifespan=lifespan,
        away=(psycopg.Error,),  # also tables that are not made yet
        verifier=Verifier.from_settings(settings),
    )

    @service.get("/v1/history", responses=documented(401, 422, 503))
    async def history(who: Caller, query: Annotated[HistoryQuery, Query()]) -> History:
        """The caller's measures by minute, hour or day, and their stress events."""
        now = datetime.now(UTC)
        try:
            start, end = time_range(query, now)
        except InvalidTimeRange as error:
            raise Problem(422, str(error)) from error
        try:
            windows, events = await read(who.user, query, start, end, now)
        except psycopg.DataError as error:  # such as a zone that the store's database does not have
            raise Problem(
                422, f"the store does not take these parameters: {error.diag.message_primary or error}"
            ) from error
        windows, events, next_page = paginate(windows, events, query.limit)
        return History(
            user=who.user,
            resolution=query.resolution,
            zone=query.zone.key,
            windows=[window.in_zone(query.zone) for window in windows],
            events=[Event(**asdict(event), outcome=event.outcome(now)) for event in events],
            next=None if next_page is None else next_page.encode(),
        )

    async def read(
        user: str, query: HistoryQuery, start: Position, end: datetime, now: datetime
    ) -> tuple[list[Window], list[StoredEvent]]:
        parameters = {"user": user, "limit": query.limit + 1, "zone": query.zone.key, "settled": now - SETTLED}
        windows_from = bounds(query.resolution, start.first_window, end, query.zone)
        windows_in = windows_query(query.resolution, query.zone.key)
        async with pool.connection() as connection:
            async with connection.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(windows_in, parameters | windows_from)
                windows = [_window(row, query.zone) for row in await cursor.fetchall()]
            async with connection.cursor(row_factory=class_row(StoredEvent)) as cursor:
                events_in = {"start": start.moment, "event_id": start.event_id, "end": end}
                await cursor.execute(EVENTS, parameters | events_in)
                return windows, await cursor.fetchall()

    return service


def time_range(query: HistoryQuery, now: datetime) -> tuple[Position, datetime]:
    """Where the page begins, and the end of the range (exclusive); raises InvalidTimeRange and InvalidCursor.

    A page that follows another begins at its cursor: a default `from` would have moved on with the clock.
    """
    if query.cursor is None:
        start, end = resolve_range(query.resolution, query.start, query.end, now, query.zone)
        return Position(start), end
    start, end = resolve_range(query.resolution, query.start or EARLIEST, query.end, now, query.zone)
    return max(Position(start), Position.decode(query.cursor)), end


def _window(row: dict[str, Any], zone: ZoneInfo) -> Window:
    start: datetime | date = row.pop("start")
    return Window(start=start if isinstance(start, datetime) else day_start(start, zone), **row)
