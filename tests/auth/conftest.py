"""The auth service with its database, and real OpenID Connect servers in the places of Google and Apple."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from joserfc.jwk import ECKey
from pydantic import SecretStr

from contracts import signing_keys
from contracts.connections import DatabaseVariables
from local.engines.certificates import Authority
from local.identity.provider import AppleClient, Client, IdentityProvider
from services.auth import application
from services.auth.migrate import VERSIONS
from services.auth.settings import AuthSettings
from services.kit.migrations import upgrade
from tests.auth.app import App
from tests.fixtures.engines import Database, ScratchEnvironment
from tests.history.harness import ServerThread

PORT = 18095
REDIRECT = "https://app.example/signed-in"


def pem() -> str:
    return ECKey.generate_key("P-256").as_pem(private=True).decode()


@dataclass(frozen=True)
class Identities:
    google: IdentityProvider
    apple: IdentityProvider


@pytest.fixture(scope="package")
def apple_key() -> str:
    return pem()


@pytest.fixture(scope="package")
def identities(scratch: ScratchEnvironment, apple_key: str) -> Iterator[Identities]:
    """Registered for the auth service of these tests, at their addresses."""
    host, public = scratch.addresses[4], f"http://{scratch.addresses[4]}:{PORT}"
    authority = Authority(scratch.folder / "authority", "tests").ensure()
    google = Client("google-client", "a secret of Google's", f"{public}/v1/auth/callback/google")
    public_key = signing_keys.load(apple_key).as_pem(private=False).decode()
    apple = AppleClient("com.example.aura", "s" * 32, f"{public}/v1/auth/callback/apple", "TEAM", "KEY", public_key)
    found = Identities(
        IdentityProvider(scratch.folder / "google", host, 18443, authority, [google]),
        IdentityProvider(scratch.folder / "apple", host, 18444, authority, [apple]),
    )
    try:
        found.google.start()
        found.apple.start()
        yield found
    finally:
        found.google.stop()
        found.apple.stop()


@pytest.fixture(scope="package")
def database_url(postgres: Database) -> str:
    """Of a database that the service's migrations have made."""
    uri = postgres.create("auth")
    upgrade(DatabaseVariables(database_url=SecretStr(uri)), VERSIONS)
    return uri


@pytest.fixture(scope="package")
def settings(identities: Identities, database_url: str, apple_key: str, scratch: ScratchEnvironment) -> AuthSettings:
    google, apple = identities.google.clients[0], identities.apple.clients[0]
    assert isinstance(apple, AppleClient)
    return AuthSettings(
        host=scratch.addresses[4],
        port=PORT,
        grpc_port=0,
        signing_key=SecretStr(pem()),
        database_url=SecretStr(database_url),
        ca_file=str(identities.google.authority.certificate),
        public_url=f"http://{scratch.addresses[4]}:{PORT}",
        app_redirects=f"https://other.example/ {REDIRECT} http://127.0.0.1/signed-in",
        google_issuer=identities.google.issuer,
        google_client_id=google.id,
        google_client_secret=SecretStr(google.secret),
        apple_issuer=identities.apple.issuer,
        apple_client_id=apple.id,
        apple_team_id=apple.team_id,
        apple_key_id=apple.key_id,
        apple_key=SecretStr(apple_key),
    )


@pytest.fixture(scope="package")
def signing_key(settings: AuthSettings) -> ECKey:
    return signing_keys.load(settings.signing_key.get_secret_value())


@pytest.fixture(scope="package")
def running(settings: AuthSettings, signing_key: ECKey) -> Iterator[application.Running]:
    service = application.create(settings, [signing_key])
    with ServerThread(service, settings):
        yield service.state.running


@pytest.fixture(scope="package")
def app(
    running: application.Running, settings: AuthSettings, identities: Identities, database_url: str
) -> Iterator[App]:
    with httpx.Client(base_url=settings.public_url, timeout=20) as client:
        yield App(client, REDIRECT, identities.google.tls, database_url, running.service.issuer.bearer)
