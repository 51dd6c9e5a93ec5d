"""The payments service on a real PostgreSQL and Kafka, with stand-ins for Stripe and for the authority of Apple."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey
from pydantic import SecretStr

from contracts import entitlement_events, signing_keys
from contracts.platform import TOPIC_ENTITLEMENT_EVENTS, TOPIC_USER_EVENTS
from local.engines.kafka import Kafka
from services.auth import endpoints as auth
from services.auth import tokens
from services.kit import migrations
from services.kit.settings import JWKS_PATH, ServiceSettings
from services.kit.topics import ensure_topic
from services.payments.app import create
from services.payments.endpoints import dependencies
from services.payments.migrate import VERSIONS
from services.payments.settings import PaymentsSettings
from tests.fixtures.engines import Database
from tests.history.harness import ServerThread
from tests.payments.app_store import APP_ID, BUNDLE, AppStore
from tests.payments.stripe_server import KEY, StripeServer

WEBHOOK_SECRET = "whsec_of_these_tests"
BACK = "https://app.example.com/paid"


@dataclass
class Service:
    """`clock` is what the service takes for now; None for the real time. `stripe` stands for Stripe's API."""

    settings: PaymentsSettings
    app: FastAPI
    address: str
    key: ECKey
    stripe: StripeServer
    app_store: AppStore
    clock: datetime | None = None
    clients: list[httpx.Client] = field(default_factory=list)

    def client(
        self, user: str, *, lifetime: float = tokens.LIFETIME_SECONDS, roles: Sequence[str] = ()
    ) -> httpx.Client:
        """A client with a token of `user`, whose paths begin after /v1/payments."""
        token = tokens.issue(user, roles, self.key, time.time(), lifetime=lifetime)
        return self._kept({"Authorization": f"Bearer {token}"})

    def anonymous(self) -> httpx.Client:
        """As providers call it."""
        return self._kept({})

    def _kept(self, headers: dict[str, str]) -> httpx.Client:
        client = httpx.Client(base_url=f"{self.address}/v1/payments", headers=headers, timeout=20)
        self.clients.append(client)
        return client

    def payer(self, user: str) -> str:
        """The id by which providers know the person."""
        return self.client(user).get("/subscription").raise_for_status().json()["account_token"]

    def query(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.settings.database_url.get_secret_value()) as connection:
            return connection.execute(statement.encode(), parameters).fetchall()

    def balance(self, account: str) -> int:
        """Of an account of the books, in minor units of all currencies together."""
        query = "select coalesce(sum(amount), 0)::bigint from ledger_postings where account = %s"
        return self.query(query, account)[0][0]


@pytest.fixture(scope="package")
def key() -> ECKey:
    return signing_keys.load(ECKey.generate_key("P-256").as_pem(private=True).decode())


@pytest.fixture(scope="package")
def app_store() -> AppStore:
    return AppStore()


@pytest.fixture(scope="package")
def issuer(key: ECKey) -> Iterator[str]:
    with ServerThread(auth.create([key]), ServiceSettings(port=0)) as address:
        yield address


@pytest.fixture(scope="package")
def stripe_server() -> Iterator[StripeServer]:
    with StripeServer() as running:
        yield running


@pytest.fixture(scope="package")
def settings(
    postgres: Database, kafka: Kafka, issuer: str, stripe_server: StripeServer, app_store: AppStore
) -> PaymentsSettings:
    """Of a service whose tables and topics are there."""
    made = PaymentsSettings(
        database_url=SecretStr(postgres.create("payments")),
        kafka_bootstrap=kafka.bootstrap,
        jwks_url=f"{issuer}{JWKS_PATH}",
        stripe_key=SecretStr(KEY),
        stripe_webhook_secret=SecretStr(WEBHOOK_SECRET),
        stripe_api=stripe_server.address,
        app_url=BACK,
        apple_root_certificates=app_store.root,
        apple_bundle=BUNDLE,
        apple_app_id=APP_ID,
        apple_revocation=False,
        port=0,
    )
    migrations.upgrade(made, VERSIONS)
    ensure_topic(made.kafka_client, TOPIC_USER_EVENTS, partitions=2, retention_ms=3_600_000)
    partitions = entitlement_events.PARTITIONS
    ensure_topic(made.kafka_client, TOPIC_ENTITLEMENT_EVENTS, partitions=partitions, retention_ms=None)
    return made


@pytest.fixture(scope="package")
def service(
    settings: PaymentsSettings, key: ECKey, stripe_server: StripeServer, app_store: AppStore
) -> Iterator[Service]:
    with serving(settings, key, stripe_server, app_store) as running:
        yield running


@contextlib.contextmanager
def serving(settings: PaymentsSettings, key: ECKey, stripe: StripeServer, app_store: AppStore) -> Iterator[Service]:
    application = create(settings)
    with ServerThread(application, settings) as address:
        made = Service(settings, application, address, key, stripe, app_store)
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
        running: Service = request.getfixturevalue("service")
        running.clock, running.stripe.away = None, False
