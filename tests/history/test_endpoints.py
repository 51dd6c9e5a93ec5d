"""The history service on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
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


EVENTS = [START + timedelta(minutes=30, seconds=7 + 400 * i) for i in range(5)]


class ServerThread:
    """Serves an application on a free port in a thread."""

    def __init__(self, application: FastAPI, settings: ServiceSettings) -> None:
        self.server = uvicorn.Server(config(application, settings))
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve()))

    def __enter__(self) -> str:
        self.thread.start()
        deadline = time.monotonic() + 20
        while not self.server.started:
            assert self.thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline, "the server does not listen"
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
    with ServerThread(auth.create([key]), ServiceSettings(port=0)) as issuer:
        settings = HistorySettings(timeseries_url=SecretStr(uri), jwks_url=f"{issuer}{JWKS_PATH}", port=0)
        with ServerThread(create(settings), settings) as address, httpx.Client(base_url=address) as client:
            yield client


def get_history(
    history: httpx.Client, key: ECKey, subject: str = "ada", roles: Sequence[str] = (), **query: str
) -> httpx.Response:
    access = tokens.issue(subject, roles, key, time.time())
    return history.get("/v1/history", params=query, headers={"Authorization": f"Bearer {access}"})


BOUNDS = {"from": START.isoformat(), "to": (START + timedelta(hours=2)).isoformat()}


def test_minutes_tile_the_hours_without_overlap(history: httpx.Client, key: ECKey) -> None:
    windows = get_history(history, key, **BOUNDS).json()["windows"]
    starts = [datetime.fromisoformat(w["start"]) for w in windows]
    assert starts == [START + timedelta(minutes=i) for i in range(120)]
    assert {w["hr"] for w in windows} == {60.0}
    assert {w["dropped"] for w in windows} == {3}


@pytest.mark.parametrize(("resolution", "count"), [("hour", 3), ("day", 1)])
def test_hours_and_days_are_means(history: httpx.Client, key: ECKey, resolution: str, count: int) -> None:
    bounds = {"from": (START - timedelta(days=1)).isoformat(), "to": (START + timedelta(hours=6)).isoformat()}
    windows = get_history(history, key, resolution=resolution, **bounds).json()["windows"]
    assert 1 <= len(windows) <= count + 1
    assert windows[0]["rmssd"] == pytest.approx(40)


def test_events_have_evidence_and_outcome(history: httpx.Client, key: ECKey) -> None:
    events = get_history(history, key, **BOUNDS).json()["events"]
    assert [(event["event_id"], event["outcome"]) for event in events] == [
        ("e1", "pending"),
        ("e2", "unanswered"),
        ("e3", "answered"),
        ("e4", "seen"),
        ("e5", "missed"),
    ]
    assert all(event["evidence"] == {"heart_rate": 99} for event in events)
    assert [datetime.fromisoformat(event["raised_at"]) for event in events] == EVENTS
    assert datetime.fromisoformat(events[3]["seen_at"]) == EVENTS[3] + timedelta(seconds=9)
    assert (events[0]["responded_at"], events[3]["missed_at"]) == (None, None)


@pytest.mark.parametrize("resolution", ["minute", "hour", "day"])
@pytest.mark.parametrize("limit", ["1", "2", "7"])
def test_pages_equal_one_response(history: httpx.Client, key: ECKey, resolution: str, limit: str) -> None:
    bounds = {"from": (START + timedelta(minutes=25, seconds=3)).isoformat(), "to": BOUNDS["to"]}
    if resolution == "day":
        bounds["from"] = (START - timedelta(days=2)).isoformat()
    whole = get_history(history, key, resolution=resolution, **bounds).json()
    assert whole["next"] is None
    windows, events = [], []
    while True:
        page = get_history(history, key, resolution=resolution, limit=limit, **bounds).json()
        assert len(page["windows"]) <= int(limit)
        assert len(page["events"]) <= int(limit)
        windows += page["windows"]
        events += page["events"]
        if page["next"] is None:
            break
        bounds["from"] = page["next"]
    assert windows == whole["windows"]
    assert [event["event_id"] for event in events] == ["e1", "e2", "e3", "e4", "e5"]


def test_a_user_sees_only_their_own_history(history: httpx.Client, key: ECKey) -> None:
    assert get_history(history, key, "eve", **BOUNDS).json() == {
        "user": "eve",
        "resolution": "minute",
        "windows": [],
        "events": [],
        "next": None,
    }


@pytest.mark.parametrize("roles", [(), ("admin",)])
def test_no_role_can_request_another_users_history(history: httpx.Client, key: ECKey, roles: Sequence[str]) -> None:
    assert get_history(history, key, "root", roles, **BOUNDS).json()["windows"] == []
    answer = get_history(history, key, "root", roles, user="ada", **BOUNDS)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "user"]


def test_without_a_valid_token_it_is_401(history: httpx.Client) -> None:
    stranger = signing.load(ECKey.generate_key("P-256").as_pem(private=True).decode())
    assert history.get("/v1/history").status_code == 401
    assert get_history(history, stranger).status_code in {401, 503}


def test_an_invalid_time_range_is_422_and_says_why(history: httpx.Client, key: ECKey) -> None:
    answer = get_history(history, key, **{"from": BOUNDS["to"], "to": BOUNDS["from"]})
    assert answer.status_code == 422
    assert "before" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("resolution", "second"),
        ("limit", "0"),
        ("limit", "3001"),
        ("limit", "many"),
        ("from", "yesterday"),
        ("from", "0001-01-01T00:00:00+14:00"),
        ("to", "9999-12-31T23:59:59"),
        ("page", "2"),
    ],
)
def test_an_invalid_parameter_is_422_and_named(history: httpx.Client, key: ECKey, name: str, value: str) -> None:
    answer = get_history(history, key, **{name: value})
    assert answer.status_code == 422
    assert name in str(answer.json()["detail"])


def test_without_a_store_it_is_503(key: ECKey) -> None:
    unavailable = SecretStr("postgresql://nobody@127.0.0.1:1/none")
    with ServerThread(auth.create([key]), ServiceSettings(port=0)) as issuer:
        settings = HistorySettings(timeseries_url=unavailable, jwks_url=f"{issuer}{JWKS_PATH}", port=0)
        with ServerThread(create(settings), settings) as address, httpx.Client(base_url=address, timeout=30) as client:
            answer = get_history(client, key)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "store" in answer.json()["detail"]
