"""The history service on a real PostgreSQL, with tokens made for the occasion."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest
import uvicorn
from fastapi import FastAPI
from joserfc.jwk import ECKey
from pydantic import SecretStr

from contracts import timeseries
from services.auth import endpoints as auth
from services.auth import signing, tokens
from services.history.endpoints import create
from services.history.settings import HistorySettings
from services.kit.serve import config
from services.kit.settings import JWKS_PATH, ServiceSettings
from tests.fixtures.engines import Database

pytestmark = pytest.mark.integration

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)


class Served:
    """An application on a port of its own, in a thread of its own."""

    def __init__(self, application: FastAPI, settings: ServiceSettings) -> None:
        self.server = uvicorn.Server(config(application, settings))
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve()))

    def __enter__(self) -> str:
        self.thread.start()
        deadline = time.monotonic() + 20
        while not self.server.started:
            assert self.thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline, "the server never listened"
            threading.Event().wait(0.01)
        host, port = self.server.servers[0].sockets[0].getsockname()
        return f"http://{host}:{port}"

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join(timeout=20)


@pytest.fixture(scope="module")
def key() -> ECKey:
    return signing.load(ECKey.generate_key("P-256").as_pem(private=True).decode())


@pytest.fixture(scope="module")
def history(postgres: Database, key: ECKey) -> Iterator[httpx.Client]:
    uri = postgres.create("history")
    hour = timedelta(hours=1)
    with psycopg.connect(uri, autocommit=True) as connection:
        for statement in [*timeseries.native(), *timeseries.ahead(START, hour, span=timedelta(hours=6))]:
            connection.execute(statement.encode())
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into hrv_1m (user_id, at, hr, rmssd, beats, quality) values (%s, %s, %s, %s, 60, 1)",
                [
                    (user, START + timedelta(seconds=10 * i), 60 + i % 6, 40)
                    for user in ("ada", "bob")
                    for i in range(1, 6 * 60 * 2 + 1)
                ],
            )
        connection.execute(
            "insert into stress_events (event_id, user_id, raised_at, received_at, trace, evidence)"
            " values ('e1', 'ada', %s, now(), '', '{\"heart_rate\": 99}')",
            (START + timedelta(minutes=30),),
        )
    with Served(auth.create([key]), ServiceSettings(port=0)) as issuer:
        settings = HistorySettings(timeseries_url=SecretStr(uri), jwks_url=f"{issuer}{JWKS_PATH}", port=0)
        with Served(create(settings), settings) as address, httpx.Client(base_url=address) as client:
            yield client


def ask(history: httpx.Client, key: ECKey, user: str = "ada", **query: str) -> httpx.Response:
    access = tokens.issue(user, [], key, time.time())
    return history.get("/v1/history", params=query, headers={"Authorization": f"Bearer {access}"})


BOUNDS = {"from": START.isoformat(), "to": (START + timedelta(hours=2)).isoformat()}


def test_minutes_tile_the_hours_without_overlap(history: httpx.Client, key: ECKey) -> None:
    windows = ask(history, key, **BOUNDS).json()["windows"]
    starts = [datetime.fromisoformat(w["start"]) for w in windows]
    assert starts == [START + timedelta(minutes=i) for i in range(120)]
    assert {w["hr"] for w in windows} == {60.0}


@pytest.mark.parametrize(("resolution", "count"), [("hour", 3), ("day", 1)])
def test_hours_and_days_are_means(history: httpx.Client, key: ECKey, resolution: str, count: int) -> None:
    bounds = {"from": (START - timedelta(days=1)).isoformat(), "to": (START + timedelta(hours=6)).isoformat()}
    windows = ask(history, key, resolution=resolution, **bounds).json()["windows"]
    assert 1 <= len(windows) <= count + 1
    assert windows[0]["rmssd"] == pytest.approx(40)


def test_events_come_with_their_evidence(history: httpx.Client, key: ECKey) -> None:
    (event,) = ask(history, key, **BOUNDS).json()["events"]
    assert (event["event_id"], event["evidence"]["heart_rate"], event["responded_at"]) == ("e1", 99, None)


def test_nobody_sees_somebody_elses_history(history: httpx.Client, key: ECKey) -> None:
    assert ask(history, key, "eve", **BOUNDS).json() == {
        "user": "eve",
        "resolution": "minute",
        "windows": [],
        "events": [],
    }


def test_without_a_valid_token_it_is_401(history: httpx.Client) -> None:
    stranger = signing.load(ECKey.generate_key("P-256").as_pem(private=True).decode())
    assert history.get("/v1/history").status_code == 401
    assert ask(history, stranger).status_code in {401, 503}


def test_a_stretch_that_makes_no_sense_is_422_and_says_why(history: httpx.Client, key: ECKey) -> None:
    answer = ask(history, key, **{"from": BOUNDS["to"], "to": BOUNDS["from"]})
    assert answer.status_code == 422
    assert "before" in answer.json()["detail"]
