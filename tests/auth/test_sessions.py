"""Codes, refresh tokens, devices and log-out."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from joserfc.jwk import ECKey

from services.auth.tokens import issue
from tests.auth.app import App

pytestmark = pytest.mark.integration


@pytest.fixture
def tokens(app: App) -> dict[str, Any]:
    return app.sign_in("sessions@example.com")


def error(answer: httpx.Response) -> str:
    assert answer.status_code == 400, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()["error"]


def test_a_code_is_good_once_and_for_the_app_that_began(app: App) -> None:
    for wrong in ({"code_verifier": ""}, {"code_verifier": "v" * 43}, {"redirect_uri": "https://other.example/"}):
        code = app.answer("sessions@example.com")["code"]
        assert error(app.redeem(code, **wrong)) == "invalid_grant"
        assert error(app.redeem(code)) == "invalid_grant", "a wrong use uses it up"
    code = app.answer("sessions@example.com")["code"]
    assert app.redeem(code).is_success
    assert error(app.redeem(code)) == "invalid_grant"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "unknown"}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "unknown"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "a\0b"}, "invalid_request"),
        ({"grant_type": ["refresh_token", "refresh_token"]}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x" * 20_000}, "invalid_request"),
    ],
)
def test_other_forms_are_refused(app: App, form: dict[str, Any], expected: str) -> None:
    assert error(app.http.post("/v1/auth/token", data=form)) == expected


def test_another_media_type_is_refused(app: App) -> None:
    assert error(app.http.post("/v1/auth/token", json={"grant_type": "refresh_token"})) == "invalid_request"


def test_reuse_of_a_refresh_token_ends_the_session_for_thief_and_owner(app: App, tokens: dict[str, Any]) -> None:
    stolen = tokens["refresh_token"]
    second = app.refresh(stolen).json()["refresh_token"]
    third = app.refresh(second).json()["refresh_token"]
    assert error(app.refresh(stolen)) == "invalid_grant"
    assert error(app.refresh(third)) == "invalid_grant"
    assert app.get("/v1/auth/devices", tokens["access_token"]).status_code == 401


def test_an_app_that_lost_the_answer_repeats_and_stays_signed_in(app: App, tokens: dict[str, Any]) -> None:
    lost = app.refresh(tokens["refresh_token"]).json()["refresh_token"]
    again = app.refresh(tokens["refresh_token"]).json()["refresh_token"]
    following = app.refresh(again).json()["refresh_token"]
    assert error(app.refresh(lost)) == "invalid_grant", "the answer that was lost was somebody else's"
    assert error(app.refresh(following)) == "invalid_grant"


def test_simultaneous_uses_leave_one_token_that_works(app: App, tokens: dict[str, Any]) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(app.refresh, [tokens["refresh_token"]] * 8))
    new = [answer.json()["refresh_token"] for answer in answers if answer.is_success]
    assert len(new) == 8
    assert len(set(new)) == 8
    replaced = set()
    with psycopg.connect(app.database_url) as connection:
        for (flag,) in connection.execute(
            "select replaced from refresh_tokens where before is not null and used_at is null and session_id ="
            " (select session_id from refresh_tokens order by expires_at desc limit 1)"
        ):
            replaced.add(flag)
    assert replaced == {True, False}


@pytest.mark.parametrize("seconds", [7 * 24 * 3600 + 1])
def test_a_refresh_token_expires_after_a_week(app: App, tokens: dict[str, Any], seconds: int) -> None:
    with psycopg.connect(app.database_url, autocommit=True) as connection:
        connection.execute("update refresh_tokens set expires_at = expires_at - make_interval(secs => %s)", (seconds,))
    assert error(app.refresh(tokens["refresh_token"])) == "invalid_grant"


def test_log_out_ends_this_device_and_log_out_everywhere_all(app: App) -> None:
    phone, tablet, watch = (app.sign_in("devices@example.com") for _ in range(3))
    listed = app.get("/v1/auth/devices", tablet["access_token"]).json()["devices"]
    assert [one["name"] for one in listed] == ["Ada's phone"] * 3
    assert [one["current"] for one in listed].count(True) == 1
    assert app.http.post("/v1/auth/log-out", data={"token": phone["refresh_token"]}).status_code == 204
    assert app.http.post("/v1/auth/log-out", data={"token": "unknown"}).status_code == 204
    assert error(app.refresh(phone["refresh_token"])) == "invalid_grant"
    assert len(app.get("/v1/auth/devices", watch["access_token"]).json()["devices"]) == 2
    current = next(one["id"] for one in listed if one["current"])
    assert app.call("DELETE", f"/v1/auth/devices/{current}", watch["access_token"]).status_code == 204
    assert error(app.refresh(tablet["refresh_token"])) == "invalid_grant"
    again = app.sign_in("devices@example.com")
    assert app.call("POST", "/v1/auth/log-out-everywhere", watch["access_token"]).status_code == 204
    for one in (watch, again):
        assert error(app.refresh(one["refresh_token"])) == "invalid_grant"
        assert app.get("/v1/auth/devices", one["access_token"]).status_code == 401


def test_a_device_of_somebody_else_is_404_and_stays(app: App, tokens: dict[str, Any]) -> None:
    other = app.sign_in("somebody-else@example.com")
    (device,) = app.get("/v1/auth/devices", other["access_token"]).json()["devices"]
    assert app.call("DELETE", f"/v1/auth/devices/{device['id']}", tokens["access_token"]).status_code == 404
    assert app.refresh(other["refresh_token"]).is_success


@pytest.mark.parametrize("form", ["none", "another key", "expired", "another issuer", "two headers"])
def test_access_tokens_that_are_refused(app: App, signing_key: ECKey, form: str) -> None:
    """tests/kit/test_tokens.py and tests/gateway/spellings.py have the other forms: the judge is the same."""
    now = time.time()
    other = ECKey.generate_key("P-256", {"kid": str(signing_key.kid)})
    token = {
        "another key": lambda: issue("ada", [], other, now),
        "expired": lambda: issue("ada", [], signing_key, now, lifetime=-10),
        "another issuer": lambda: issue("ada", [], signing_key, now, issuer="https://other.example"),
    }.get(form, lambda: issue("ada", [], signing_key, now))()
    headers = [("Authorization", f"Bearer {token}")] * {"none": 0, "two headers": 2}.get(form, 1)
    answer = app.http.get("/v1/auth/devices", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert app.get("/v1/auth/devices", issue("ada", [], signing_key, now)).status_code == 200
