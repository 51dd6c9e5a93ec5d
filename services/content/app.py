"""The application of the content service, with what runs beside it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from contracts.connections import aiokafka_options
from services.content.endpoints import catalogue, editing
from services.content.endpoints.dependencies import Catalogue
from services.content.settings import ContentSettings
from services.kit import app, background, database
from services.kit.outbox import Relay
from services.kit.tokens import Verifier


def create(settings: ContentSettings) -> FastAPI:
    """The application. Only the database must be there: without Kafka events wait in it."""
    pool = database.pool(settings, size=settings.pool_size)
    relay = Relay(pool, aiokafka_options(settings))

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await pool.open()
        async with background.running(relay.run()):
            yield
        await pool.close()

    async def check_database() -> None:
        await database.check(pool)

    service = app.create(
        "content",
        checks={"database": check_database},
        lifespan=lifespan,
        away=database.AWAY,
        verifier=Verifier.from_settings(settings),
    )
    service.state.catalogue = Catalogue(pool, relay)
    service.include_router(catalogue.router, prefix="/v1/content")
    service.include_router(editing.router, prefix="/v1/content/admin")
    return service
