"""The history service and the key that signs its callers' tokens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest
from joserfc.jwk import ECKey
from pydantic import SecretStr

from contracts import signing_keys, timeseries
from services.auth import endpoints as auth
from services.history.endpoints import create
from services.history.settings import HistorySettings
from services.kit.settings import JWKS_PATH, ServiceSettings
from tests.fixtures.engines import Database
from tests.history.harness import EVENTS, NO_KAFKA, START, ServerThread, Store, store_other_people


@pytest.fixture(scope="package")
def key() -> ECKey:
    return signing_keys.load(ECKey.generate_key("P-256").as_pem(private=True).decode())


@pytest.fixture(scope="package")
def uri(postgres: Database) -> str:
    """Of the store."""
    return postgres.create("history")


@pytest.fixture
def store(uri: str, history: httpx.Client) -> Store:
    def insert(user: str, end: datetime, hr: float) -> None:
        with psycopg.connect(uri) as connection:
            connection.execute(
                "insert into hrv_1m (user_id, at, hr, beats, quality) values (%s, %s, %s, 60, 1)", (user, end, hr)
            )

    return insert


@pytest.fixture(scope="package")
def history(uri: str, key: ECKey) -> Iterator[httpx.Client]:
    hour = timedelta(hours=1)
    with psycopg.connect(uri, autocommit=True) as connection:
        for statement in [*timeseries.native(), *timeseries.create_partitions(START, hour, span=timedelta(hours=6))]:
            connection.execute(statement.encode())
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into hrv_1m (user_id, at, hr, rmssd, beats, quality, dropped)"
                " values (%s, %s, %s, %s, 60, 1, 3)",
                [
                    (user, START + timedelta(seconds=10 * i), 60 + i % 6, 40)
                    for user in ("ada", "bob")
                    for i in range(1, 6 * 60 * 2 + 1)
                ],
            )
            cursor.executemany(
                "insert into stress_events (event_id, user_id, raised_at, received_at, trace, evidence, responded_at,"
                " seen_at, missed_at) values (%s, 'ada', %s, %s, '', '{\"heart_rate\": 99}', %s, %s, %s)",
                [
                    ("e1", EVENTS[0], datetime.now(UTC), None, None, None),
                    ("e2", EVENTS[1], EVENTS[1], None, None, None),
                    ("e3", EVENTS[2], EVENTS[2], EVENTS[2], None, None),
                    ("e4", EVENTS[3], EVENTS[3], EVENTS[3], EVENTS[3] + timedelta(seconds=9), None),
                    ("e5", EVENTS[4], EVENTS[4], EVENTS[4], None, EVENTS[4] + timedelta(minutes=15)),
                ],
            )
            store_other_people(connection)
    with ServerThread(auth.create([key]), ServiceSettings(port=0)) as issuer:
        settings = HistorySettings(
            timeseries_url=SecretStr(uri), jwks_url=f"{issuer}{JWKS_PATH}", kafka_bootstrap=NO_KAFKA, port=0
        )
        with ServerThread(create(settings), settings) as address, httpx.Client(base_url=address) as client:
            yield client
