"""The history service on a real PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import httpx
import pytest
from joserfc.jwk import ECKey
from pydantic import SecretStr

from contracts import signing_keys
from services.auth import endpoints as auth
from services.auth import tokens
from services.history.endpoints import create
from services.history.settings import HistorySettings
from services.kit.settings import JWKS_PATH, ServiceSettings
from tests.history.harness import BOUNDS, EVENTS, NO_KAFKA, START, ServerThread, get_history, pages
from tests.kit.odd_requests import assert_answered

pytestmark = pytest.mark.integration


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
    windows, events = pages(history, key, resolution=resolution, limit=limit, **bounds)
    assert windows == whole["windows"]
    assert [event["event_id"] for event in events] == ["e1", "e2", "e3", "e4", "e5"]


@pytest.mark.parametrize("limit", ["1", "2", "3", "1000"])
def test_events_of_one_moment_are_on_some_page_each(history: httpx.Client, key: ECKey, limit: str) -> None:
    windows, events = pages(history, key, "twins", limit=limit, **BOUNDS)
    assert windows == []
    assert [event["event_id"] for event in events] == ["A", "a", "b", "c", "z"]


def test_a_page_that_follows_needs_no_range(history: httpx.Client, key: ECKey) -> None:
    """Without `from` the default range moves on with the clock, and what follows a cursor must not be cut off."""
    first = get_history(history, key, limit="1", **BOUNDS).json()
    following = get_history(history, key, cursor=first["next"], limit="1").json()
    assert datetime.fromisoformat(following["windows"][0]["start"]) == START + timedelta(minutes=1)


def test_a_user_sees_only_their_own_history(history: httpx.Client, key: ECKey) -> None:
    assert get_history(history, key, "eve", **BOUNDS).json() == {
        "user": "eve",
        "resolution": "minute",
        "zone": "UTC",
        "windows": [],
        "events": [],
        "next": None,
    }


@pytest.mark.parametrize("roles", [(), ("admin",)])
def test_no_role_can_request_another_users_history(history: httpx.Client, key: ECKey, roles: Sequence[str]) -> None:
    assert get_history(history, key, "root", roles, **BOUNDS).json()["windows"] == []
    answer = get_history(history, key, "root", roles, user="ada", **BOUNDS)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["name"] == "user"


def test_without_a_valid_token_it_is_401(history: httpx.Client) -> None:
    stranger = signing_keys.load(ECKey.generate_key("P-256").as_pem(private=True).decode())
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
        ("limit", "9" * 5000),
        ("limit", "1e3"),
        ("limit", "1\x00"),
        ("resolution", "day\x00"),
        ("from", "2026-03-01\x00"),
        ("from", "1767225600"),
        ("to", "2026-03-01T00:00:00 02:00"),
        ("zone", "Mars/Olympus"),
        ("zone", "a\x00"),
        ("cursor", "\x00"),
        ("cursor", "e30"),
        ("user\x00", "ada"),
    ],
)
def test_an_invalid_parameter_is_422_and_named(history: httpx.Client, key: ECKey, name: str, value: str) -> None:
    answer = get_history(history, key, **{name: value})
    assert answer.status_code == 422
    assert name in answer.json()["detail"]


def test_a_plus_that_became_a_space_is_explained(history: httpx.Client, key: ECKey) -> None:
    access = tokens.issue("ada", [], key, time.time())
    url = "/v1/history?from=2026-03-01T00:00:00+02:00"
    answer = history.get(url, headers={"Authorization": f"Bearer {access}"})
    assert answer.status_code == 422
    assert "write %2B02:00" in answer.json()["detail"]


def test_without_a_store_it_is_503(key: ECKey) -> None:
    unavailable = SecretStr("postgresql://nobody@127.0.0.1:1/none")
    with ServerThread(auth.create([key]), ServiceSettings(port=0)) as issuer:
        settings = HistorySettings(
            timeseries_url=unavailable, jwks_url=f"{issuer}{JWKS_PATH}", kafka_bootstrap=NO_KAFKA, port=0
        )
        with ServerThread(create(settings), settings) as address, httpx.Client(base_url=address, timeout=30) as client:
            answer = get_history(client, key)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "store" in answer.json()["detail"]


def test_no_odd_character_in_an_address_is_an_error_of_the_service(history: httpx.Client, key: ECKey) -> None:
    settings = HistorySettings(
        timeseries_url=SecretStr("postgresql://nowhere"), jwks_url="http://nowhere", kafka_bootstrap=NO_KAFKA, port=0
    )
    token = tokens.issue("odd", [], key, time.time())
    assert_answered(create(settings), str(history.base_url), token, least=6)
