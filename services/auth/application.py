"""The whole auth service: sign-in and sessions over REST, questions of services over gRPC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from joserfc.jwk import ECKey

from contracts.connections import DatabaseVariables, aiokafka_options
from contracts.platform import TOPIC_ENTITLEMENT_EVENTS, TOPIC_USER_EVENTS
from services.auth import entitling, erasure, rpc
from services.auth.entitling import Keeper
from services.auth.erasure import Eraser
from services.auth.issuing import Issuer
from services.auth.providers.client import ProviderClient
from services.auth.rest import admin, devices, export, keys, openapi, sign_in, token
from services.auth.service import Service
from services.auth.settings import AuthSettings
from services.kit import app, background, consumer, database

POOL_SIZE = 8


@dataclass(frozen=True)
class Running:
    """What a started application has as `state.running`; `grpc_port` is that of the gRPC server."""

    service: Service
    grpc_port: int


def create(settings: AuthSettings, signing: list[ECKey]) -> FastAPI:
    """The application; `signing` are the signing key, then previous keys that are still published.

    It is ready without its database: every service verifies tokens with the keys that it publishes. What needs the
    database answers 503 meanwhile. Raises ValueError if the settings cannot be used.
    """
    variables = DatabaseVariables(database_url=settings.database_url, ca_file=settings.ca_file)
    tls = settings.tls()
    service = Service(
        settings,
        Issuer(signing, settings.token_issuer),
        database.pool(variables, size=POOL_SIZE),
        {name: ProviderClient(provider, tls) for name, provider in settings.providers().items()},
    )

    @asynccontextmanager
    async def lifespan(found: FastAPI) -> AsyncIterator[None]:
        await service.pool.open()
        address = f"{settings.host}:{settings.grpc_port}"
        async with (
            background.running(*_reading(service)),
            rpc.serving(service, address) as port,
        ):
            found.state.running = Running(service, port)
            yield
        await service.pool.close()

    found = app.create("auth", lifespan=lifespan, away=database.AWAY)
    found.include_router(keys.router(signing))
    found.include_router(openapi.router)
    for one in (sign_in, token, devices, export, admin):
        found.include_router(one.router(service))
    return found


def _reading(service: Service) -> list[Coroutine[Any, Any, None]]:
    """The work beside requests: accounts that have ended are erased, and what the others paid for is kept."""
    if not service.settings.kafka_bootstrap:
        return []
    kafka = aiokafka_options(service.settings)
    return [
        consumer.consume(kafka, TOPIC_USER_EVENTS, erasure.GROUP, Eraser(service.pool).handle),
        consumer.consume(kafka, TOPIC_ENTITLEMENT_EVENTS, entitling.GROUP, Keeper(service.pool).handle),
    ]
