"""The application of the content service, with what runs beside it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
from fastapi import FastAPI

from contracts.connections import aiokafka_options
from contracts.platform import TOPIC_CONTENT_EVENTS
from services.content.endpoints import catalogue, editing, recordings, search
from services.content.endpoints.dependencies import Catalogue, Recordings
from services.content.media.bucket import Bucket
from services.content.media.signing import Signer
from services.content.search import building
from services.content.search.engine import Engine, SearchUnavailable
from services.content.search.indexer import GROUP, Indexer
from services.content.settings import ContentSettings
from services.kit import app, background, consumer, database
from services.kit.outbox import Relay
from services.kit.tokens import Verifier


def create(settings: ContentSettings) -> FastAPI:
    """The application. Only the database must be there: without Kafka events wait in it."""
    pool = database.pool(settings, size=settings.pool_size)
    kafka = aiokafka_options(settings)
    relay = Relay(pool, kafka)

    engine = Engine(settings.opensearch_client)
    indexer = Indexer(pool, engine)

    async def keep_index() -> None:
        await building.ensure(pool, engine)
        away = (SearchUnavailable, psycopg.Error)
        await consumer.consume(kafka, TOPIC_CONTENT_EVENTS, GROUP, indexer.handle, away)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await pool.open()
        async with background.running(relay.run(), *([keep_index()] if settings.opensearch_url else [])):
            yield
        await engine.close()
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
    bucket = Bucket(settings.media_bucket, settings.aws_region, settings.aws_endpoint_url)
    signer = Signer(settings.media_url, settings.media_key_id, settings.media_key.get_secret_value())
    service.state.catalogue = Catalogue(pool, relay)
    service.state.engine = engine
    service.state.recordings = Recordings(bucket, signer, timedelta(hours=settings.playback_hours))
    service.include_router(catalogue.router, prefix="/v1/content")
    service.include_router(recordings.router, prefix="/v1/content")
    service.include_router(search.router, prefix="/v1/content")
    service.include_router(editing.router, prefix="/v1/content/admin")
    return service
