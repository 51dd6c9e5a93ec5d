"""The application of the payments service, with what runs beside it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import psycopg
from fastapi import FastAPI

from contracts.connections import aiokafka_options
from contracts.platform import TOPIC_USER_EVENTS
from services.kit import app, background, consumer, database
from services.kit.outbox import Relay
from services.kit.tokens import Verifier
from services.payments.endpoints import buying, reading, webhooks
from services.payments.endpoints.dependencies import Payments
from services.payments.erasure import GROUP, Eraser
from services.payments.providers.report import ProviderUnavailable
from services.payments.providers.stripe.api import Stripe
from services.payments.settings import PaymentsSettings


def create(settings: PaymentsSettings) -> FastAPI:
    """The application. Only the database must be there: without Kafka events wait in it, and without Stripe nobody can
    subscribe. Raises ValueError if the settings cannot be used."""
    pool = database.pool(settings, size=settings.pool_size)
    kafka = aiokafka_options(settings)
    relay = Relay(pool, kafka)
    stripe = Stripe(settings.stripe_key.get_secret_value(), settings.stripe_api)
    eraser = Eraser(pool, stripe, relay)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await pool.open()
        away = (psycopg.Error, ProviderUnavailable)
        async with background.running(
            relay.run(), consumer.consume(kafka, TOPIC_USER_EVENTS, GROUP, eraser.handle, away)
        ):
            yield
        await stripe.close()
        await pool.close()

    async def check_database() -> None:
        await database.check(pool)

    service = app.create(
        "payments",
        checks={"database": check_database},
        lifespan=lifespan,
        away=database.AWAY,
        verifier=Verifier.from_settings(settings),
    )
    service.state.payments = Payments(
        pool,
        relay,
        stripe,
        settings.stripe_webhook_secret.get_secret_value(),
        settings.verifier(),
        settings.app_url,
    )
    service.include_router(reading.router, prefix="/v1/payments")
    service.include_router(buying.router, prefix="/v1/payments")
    service.include_router(webhooks.router, prefix="/v1/payments/webhooks")
    return service
