"""The application of the users service, with what runs beside it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from contracts.connections import aiokafka_options
from contracts.platform import TOPIC_USER_EVENTS
from services.kit import app, background, consumer, database
from services.kit.outbox import Relay
from services.kit.tokens import Verifier
from services.users import cache
from services.users.endpoints import account, days, documents
from services.users.gamification.reader import GROUP, EventReader
from services.users.mirror import Mirror
from services.users.people import People
from services.users.settings import UsersSettings


def create(settings: UsersSettings) -> FastAPI:
    """The application. Only the database must be there: without Redis people are read from it, and without Kafka their
    events wait in it."""
    redis = cache.client(settings.redis_url, settings.ca_file)
    kafka = aiokafka_options(settings)
    pool = database.pool(settings, size=settings.pool_size)
    cached = cache.Cache(redis)
    people = People(pool, Mirror(pool, cached), Relay(pool, kafka))
    reader = EventReader(people)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await pool.open()
        reading = consumer.consume(kafka, TOPIC_USER_EVENTS, GROUP, reader.handle)
        async with background.running(people.relay.run(), people.mirror.run(), reading):
            yield
        await redis.aclose()
        await pool.close()

    async def check_database() -> None:
        await database.check(pool)

    service = app.create(
        "users",
        checks={"database": check_database},
        lifespan=lifespan,
        away=database.AWAY,
        verifier=Verifier.from_settings(settings),
    )
    service.state.people, service.state.cache = people, cached
    for part in (documents, days, account):
        service.include_router(part.router, prefix="/v1/users/me")
    return service
