"""The ingest service with a real Kafka, Redis and auth service."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from contracts.signing_keys import load
from local.engines.kafka import Kafka
from local.engines.redis import Redis
from tests.fixtures.engines import ScratchEnvironment
from tests.ingest.harness import Identity, Service, Stream, create_topic

Starter = Callable[..., Stream]


@pytest.fixture(scope="session")
def identity(scratch: ScratchEnvironment) -> Iterator[Identity]:
    pem = ECKey.generate_key("P-256").as_pem(private=True).decode()
    folder = scratch.folder / "ingest-auth"
    service = Service("services.auth", folder, scratch.addresses[4], 18080, {"SIGNING_KEY": pem})
    service.start()
    yield Identity(service, load(pem))
    service.process.stop()


@pytest.fixture
def start(
    scratch: ScratchEnvironment, kafka: Kafka, redis: Redis, identity: Identity, tmp_path: Path
) -> Iterator[Starter]:
    """Starts an ingest process for this test on its own topic; environment variables are keyword arguments."""
    started: list[Service] = []

    def starter(bootstrap: str = kafka.bootstrap, partitions: int = 3, **variables: str) -> Stream:
        topic = f"beats-{uuid.uuid4().hex[:8]}"
        asyncio.run(create_topic(bootstrap, topic, partitions))
        env = {
            "KAFKA_BOOTSTRAP": bootstrap,
            "REDIS_URL": redis.url,
            "TOPIC": topic,
            "JWKS_URL": f"http://{identity.service.address}:{identity.service.port}/.well-known/jwks.json",
            **variables,
        }
        folder = scratch.folder / f"ingest-{topic}"
        service = Service("services.ingest", folder, scratch.addresses[4], 18081 + len(started), env)
        started.append(service)
        service.start()
        return Stream(service, identity, bootstrap, topic)

    yield starter
    for service in started:
        service.process.stop(grace=15)


@pytest.fixture
def stream(start: Starter) -> Stream:
    return start()
