"""The users service on a real PostgreSQL, Redis and Kafka, and clients of people."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey
from pydantic import SecretStr

from contracts import signing_keys
from contracts.platform import TOPIC_USER_EVENTS
from local.engines.kafka import Kafka
from local.engines.redis import Redis
from services.auth import endpoints as auth
from services.auth import tokens
from services.kit import migrations
from services.kit.settings import JWKS_PATH, ServiceSettings
from services.kit.topics import ensure_topic
from services.users.app import create
from services.users.endpoints import dependencies
from services.users.migrate import VERSIONS
from services.users.settings import UsersSettings
from tests.fixtures.engines import Database
from tests.history.harness import ServerThread


@dataclass
class Service:
    """`clock` is what the service takes for now; None for the real time."""

    settings: UsersSettings
    app: FastAPI
    address: str
    key: ECKey
    clock: datetime | None = None
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, user: str, *, lifetime: float = tokens.LIFETIME_SECONDS) -> httpx.Client:
        """A client with a token of `user`, whose paths begin after /v1/users/me."""
        token = tokens.issue(user, [], self.key, time.time(), lifetime=lifetime)
        client = httpx.Client(
            base_url=f"{self.address}/v1/users/me", headers={"Authorization": f"Bearer {token}"}, timeout=20
        )
        self.clients.append(client)
        return client

    def url(self, path: str, person: str = "me") -> str:
        """Of a route; httpx would add a slash to the base of a client if the path is empty."""
        return f"{self.address}/v1/users/{person}/{path}".rstrip("/")

    def query(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.settings.database_url.get_secret_value()) as connection:
            return connection.execute(statement.encode(), parameters).fetchall()


@pytest.fixture(scope="package")
def key() -> ECKey:
    return signing_keys.load(ECKey.generate_key("P-256").as_pem(private=True).decode())


@pytest.fixture(scope="package")
def service(postgres: Database, redis: Redis, kafka: Kafka, key: ECKey) -> Iterator[Service]:
    with ServerThread(auth.create([key]), ServiceSettings(port=0)) as issuer:
        settings = UsersSettings(
            database_url=SecretStr(postgres.create("users")),
            redis_url=redis.url,
            kafka_bootstrap=kafka.bootstrap,
            jwks_url=f"{issuer}{JWKS_PATH}",
            port=0,
        )
        migrations.upgrade(settings, VERSIONS)
        ensure_topic(settings.kafka_client, TOPIC_USER_EVENTS, partitions=2, retention_ms=3_600_000)
        application = create(settings)
        with ServerThread(application, settings) as address:
            made = Service(settings, application, address, key)
            application.dependency_overrides[dependencies.now] = _clock(made)
            yield made
            for client in made.clients:
                client.close()


def _clock(service: Service) -> Callable[[], datetime]:
    return lambda: service.clock or datetime.now(UTC)


@pytest.fixture(autouse=True)
def _real_time(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "service" in request.fixturenames:
        request.getfixturevalue("service").clock = None
