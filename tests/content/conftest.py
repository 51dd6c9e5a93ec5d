"""The content service on a real PostgreSQL and Kafka, and clients of editors and apps."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI
from joserfc.jwk import ECKey
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from contracts import content_events, signing_keys
from contracts.platform import TOPIC_CONTENT_EVENTS
from local.engines.kafka import Kafka
from local.engines.opensearch import OpenSearch
from services.auth import endpoints as auth
from services.auth import tokens
from services.content.app import create
from services.content.migrate import VERSIONS
from services.content.settings import ContentSettings
from services.kit import migrations
from services.kit.settings import JWKS_PATH, ServiceSettings
from services.kit.topics import ensure_topic
from tests.fixtures.engines import Database
from tests.history.harness import ServerThread

EDITOR = "content-editor"
DRAFT: dict[str, Any] = {
    "kind": "breathing",
    "locale": "en",
    "work": "box-breathing",
    "title": "Box breathing",
    "seconds": 240,
}
MEDIA = {"key": "items/none", "content_type": "audio/mpeg", "bytes": 1}
"""Of an item whose recording no test plays."""
MEDIA_KEY = (
    rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
)


@dataclass
class Service:
    settings: ContentSettings
    app: FastAPI
    address: str
    key: ECKey
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, user: str = "ada", roles: Sequence[str] = ()) -> httpx.Client:
        """A client with a token of `user`, whose paths begin after /v1/content."""
        token = tokens.issue(user, list(roles), self.key, time.time())
        client = httpx.Client(
            base_url=f"{self.address}/v1/content", headers={"Authorization": f"Bearer {token}"}, timeout=20
        )
        self.clients.append(client)
        return client

    def query(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.settings.database_url.get_secret_value()) as connection:
            return connection.execute(statement.encode(), parameters).fetchall()

    def published(self, **draft: Any) -> dict[str, Any]:
        """An item that apps see; what is not in `draft` is DRAFT's."""
        editor = self.client(roles=[EDITOR])
        item = editor.post("/admin/items", json={**DRAFT, **draft}).raise_for_status().json()
        self.query("update items set media = %s where id = %s returning id", Jsonb(MEDIA), item["id"])
        return set_state(editor, item, "published").raise_for_status().json()


def client_of(opensearch: OpenSearch) -> dict[str, Any]:
    """Settings of a client of the node."""
    assert opensearch.security is not None
    return {
        "opensearch_url": opensearch.url,
        "opensearch_username": opensearch.security.login.user,
        "opensearch_password": SecretStr(opensearch.security.login.password),
        "ca_file": str(opensearch.security.authority.certificate),
    }


def set_state(editor: httpx.Client, item: dict[str, Any], state: str) -> httpx.Response:
    return editor.put(
        f"/admin/items/{item['id']}/state", json={"state": state}, headers={"If-Match": f'"{item["version"]}"'}
    )


@pytest.fixture(scope="package")
def key() -> ECKey:
    return signing_keys.load(ECKey.generate_key("P-256").as_pem(private=True).decode())


@pytest.fixture(scope="package")
def settings(postgres: Database, kafka: Kafka, key: ECKey) -> Iterator[ContentSettings]:
    with ServerThread(auth.create([key]), ServiceSettings(port=0)) as issuer:
        made = ContentSettings(
            database_url=SecretStr(postgres.create("content")),
            kafka_bootstrap=kafka.bootstrap,
            jwks_url=f"{issuer}{JWKS_PATH}",
            media_bucket="nowhere",
            media_url="https://media.example.com",
            media_key_id="K1",
            media_key=SecretStr(MEDIA_KEY),
            aws_region="us-west-2",
            aws_endpoint_url="http://127.0.0.1:1",
            port=0,
        )
        migrations.upgrade(made, VERSIONS)
        ensure_topic(made.kafka_client, TOPIC_CONTENT_EVENTS, partitions=content_events.PARTITIONS, retention_ms=None)
        yield made


@pytest.fixture(scope="package")
def service(settings: ContentSettings, key: ECKey) -> Iterator[Service]:
    application = create(settings)
    with ServerThread(application, settings) as address:
        made = Service(settings, application, address, key)
        yield made
        for client in made.clients:
            client.close()
