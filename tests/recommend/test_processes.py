"""Two recommend processes, killed while a push is open."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest

from contracts import timeseries, webhook
from contracts.records import Evidence, StressEvent
from local.engines.redis import Redis
from local.toolchain import tools
from tests.fixtures.engines import Database, ScratchEnvironment
from tests.ingest.harness import Service, wait_until

pytestmark = pytest.mark.integration

SECRET = "known to this test only"
EVENT = StressEvent(
    f"killed-{time.time_ns()}",
    "kit",
    int(time.time() * 1000) - 800,
    1,
    "",
    Evidence(100, 62, 18, 44, 1, 12, 5, "gate", "1"),
)


@pytest.fixture
def store(postgres: Database) -> str:
    uri = postgres.create("killed")
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("drop schema public cascade; create schema public")
        hour = timedelta(hours=1)
        for statement in [*timeseries.native(), *timeseries.create_partitions(datetime.now(UTC), hour, span=hour)]:
            connection.execute(statement.encode())
        connection.execute(
            "insert into stress_events (event_id, user_id, raised_at, received_at, trace, evidence)"
            " values (%s, %s, to_timestamp(%s / 1000.0), now(), '', '{}')",
            [EVENT.event_id, EVENT.user, EVENT.raised],
        )
    return uri


@pytest.fixture
def pods(scratch: ScratchEnvironment, redis: Redis, store: str) -> Iterator[list[Service]]:
    env = {
        "KAFKA_BOOTSTRAP": "127.0.0.1:1",  # of what nobody saw, nobody is told
        "REDIS_URL": redis.url,
        "TIMESERIES_URL": store,
        "WEBHOOK_SECRET": SECRET,
        "EMBEDDING_MODEL_DIR": str(tools.model()),
        "PUSH_SECONDS": "3",
        "CONFIRM_SECONDS": "1",
    }
    services = [
        Service("services.recommend", scratch.folder / f"recommend-{i}", scratch.addresses[6], 18090 + i, env)
        for i in range(2)
    ]
    for service in services:
        service.start()
    yield services
    for service in services:
        service.process.stop()


def send(pod: Service) -> Any:
    body, at = msgspec.json.encode(EVENT), int(time.time())
    headers = {
        webhook.TIMESTAMP: str(at),
        webhook.SIGNATURE: webhook.sign(SECRET, at, body),
        webhook.IDEMPOTENCY_KEY: EVENT.event_id,
    }
    url = f"http://{pod.address}:{pod.port}/v1/stress-events"
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:
        return json.load(answer)


async def test_a_push_open_when_all_processes_are_killed_is_recorded_missed(pods: list[Service], store: str) -> None:
    one, two = pods
    assert send(one) == send(two)
    for pod in pods:
        pod.process.kill()
    for pod in pods:
        pod.start()

    def missed() -> bool:
        with psycopg.connect(store) as connection:
            query = "select seen_at, extract(epoch from missed_at - now()) from stress_events"
            seen, ago = connection.execute(query).fetchone() or (None, None)
        return seen is None and ago is not None and ago < 0

    await wait_until("the miss to be recorded", missed)
    assert sum(pod.metric("aura_recommend_outcomes_total") for pod in pods) == 1
