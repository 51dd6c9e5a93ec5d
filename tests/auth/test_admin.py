"""Roles and the audit log, and who may use them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from joserfc.jwk import ECKey

from services.auth import application
from services.auth.settings import AuthSettings
from services.auth.tokens import issue
from tests.auth.app import App
from tests.kit.odd_requests import assert_answered

pytestmark = pytest.mark.integration

PUT = {"permissions": ["content.*", "auth.roles.read"]}
ROUTES = [
    ("GET", "/roles", "auth.roles.read"),
    ("PUT", "/roles/{role}", "auth.roles.write"),
    ("GET", "/subjects/ada/roles", "auth.roles.read"),
    ("PUT", "/subjects/ada/roles/{role}", "auth.roles.write"),
    ("DELETE", "/subjects/ada/roles/{role}", "auth.roles.write"),
    ("DELETE", "/roles/{role}", "auth.roles.write"),
    ("GET", "/audit", "auth.audit.read"),
    ("GET", "/audit/verification", "auth.audit.read"),
]
ROLES = {
    "reader": ["auth.roles.read"],
    "writer": ["auth.roles.write"],
    "auditor": ["auth.audit.*"],
    "of-auth": ["auth.*"],
    "of-content": ["content.*"],
}


@pytest.fixture
def database(app: App) -> Iterator[psycopg.Connection]:
    with psycopg.connect(app.database_url, autocommit=True) as connection:
        for role, permissions in ROLES.items():
            connection.execute("insert into roles values (%s, %s) on conflict do nothing", (role, permissions))
        yield connection


def test_every_route_and_every_role(app: App, signing_key: ECKey, database: psycopg.Connection) -> None:
    allowed = {
        "reader": {"auth.roles.read"},
        "writer": {"auth.roles.write"},
        "auditor": {"auth.audit.read"},
        "of-auth": {"auth.roles.read", "auth.roles.write", "auth.audit.read"},
        "admin": {"auth.roles.read", "auth.roles.write", "auth.audit.read"},
    }
    for role in (*ROLES, "admin", "unknown", None):
        token = issue("ada", [role] if role else [], signing_key, time.time())
        for method, path, permission in ROUTES:
            content: dict[str, Any] = {"json": PUT} if path == "/roles/{role}" and method == "PUT" else {}
            url = f"/v1/auth/admin{path.format(role=f'made-by-{role}'.lower())}"
            answer = app.call(method, url, token, **content)
            expected = permission in allowed.get(role or "", ())
            assert (answer.status_code != 403) == expected, (role, method, path)
            assert answer.is_success or not expected or answer.status_code == 404, (role, method, path, answer.text)
            assert app.http.request(method, url, **content).status_code == 401


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"permissions": []},
        {"permissions": ["content*"]},
        {"permissions": ["*.write"]},
        {"permissions": ["Content.write"]},
        {"permissions": ["content.write\n"]},
        {"permissions": "content.write"},
        {"permissions": ["content.write"], "name": "admin"},
    ],
)
def test_what_is_no_role_is_refused(app: App, signing_key: ECKey, content: object) -> None:
    token = issue("root", ["admin"], signing_key, time.time())
    assert app.call("PUT", "/v1/auth/admin/roles/editor", token, json=content).status_code == 422


def test_the_role_admin_stays(app: App, signing_key: ECKey) -> None:
    token = issue("root", ["admin"], signing_key, time.time())
    assert app.call("PUT", "/v1/auth/admin/roles/admin", token, json=PUT).status_code == 409
    assert app.call("DELETE", "/v1/auth/admin/roles/admin", token).status_code == 409


def test_a_role_that_was_given_is_in_the_next_access_token(
    app: App, signing_key: ECKey, database: psycopg.Connection
) -> None:
    tokens = app.sign_in("promoted@example.com")
    person = app.bearer(tokens["access_token"]).principal.user
    root = issue("root", ["admin"], signing_key, time.time())
    assert app.get("/v1/auth/admin/roles", tokens["access_token"]).status_code == 403
    assert app.call("PUT", f"/v1/auth/admin/subjects/{person}/roles/reader", root).status_code == 204
    tokens = app.refresh(tokens["refresh_token"]).json()
    assert app.get("/v1/auth/admin/roles", tokens["access_token"]).json()["reader"] == {
        "permissions": ["auth.roles.read"]
    }
    assert app.call("DELETE", f"/v1/auth/admin/subjects/{person}/roles/reader", root).status_code == 204
    assert app.refresh(tokens["refresh_token"]).is_success


def test_the_audit_log_tells_who_did_what_and_shows_what_was_changed(
    app: App, signing_key: ECKey, database: psycopg.Connection
) -> None:
    root = issue("root", ["admin"], signing_key, time.time())
    assert app.call("PUT", "/v1/auth/admin/roles/audited", root, json=PUT).status_code == 204
    whole = app.get("/v1/auth/admin/audit/verification", root).json()
    assert whole["broken_at"] is None
    (last,) = app.get(f"/v1/auth/admin/audit?after={whole['entries'] - 1}", root).json()
    assert (last["actor"], last["action"], last["subject"]) == ("root", "role.put", "audited")
    assert last["detail"] == {"permissions": "auth.roles.read content.*"}
    assert last["hash"] == whole["head"]
    for forbidden in ("update audit set actor = 'nobody'", "delete from audit", "truncate audit"):
        with pytest.raises(psycopg.errors.RaiseException, match="neither changed nor deleted"):
            database.execute(forbidden.encode())
    database.execute("alter table audit disable trigger audit_stays")
    try:
        change = "update audit set actor = %s where number = %s"
        database.execute(change, ("nobody", whole["entries"]))
        assert app.get("/v1/auth/admin/audit/verification", root).json()["broken_at"] == whole["entries"]
        database.execute(change, ("root", whole["entries"]))
    finally:
        database.execute("alter table audit enable trigger audit_stays")
    assert app.get("/v1/auth/admin/audit/verification", root).json() == whole


def test_no_odd_character_in_an_address_is_an_error_of_the_service(
    app: App, settings: AuthSettings, signing_key: ECKey
) -> None:
    service = application.create(settings, [signing_key])
    token = issue("ada", ["admin"], signing_key, time.time())
    assert_answered(service, settings.public_url, token, least=15)
    assert app.http.get("/v1/auth/sign-in/google", params={"device": "a\0b"}).status_code == 422
