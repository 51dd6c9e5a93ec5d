"""A person gets what the service has of them, and of nobody else."""

from __future__ import annotations

import psycopg
import pytest

from services.auth.rest.export import EXPORTED
from tests.auth.app import App

pytestmark = pytest.mark.integration
COLUMNS = "('account_id', 'subject', 'actor')"
OF_A_PERSON = f"select table_name from information_schema.columns where column_name in {COLUMNS}"
SECRETS = {"codes", "refresh_tokens"}


def exported(app: App, token: str) -> dict[str, list[dict[str, object]]]:
    headers = {"Authorization": f"Bearer {token}"}
    return app.http.get("/v1/auth/export", headers=headers).raise_for_status().json()


def test_every_table_with_rows_of_a_person_is_exported(app: App) -> None:
    with psycopg.connect(app.database_url) as connection:
        tables = {row[0] for row in connection.execute(OF_A_PERSON.encode()).fetchall()}
    assert EXPORTED.keys() == (tables | {"accounts"}) - SECRETS


def test_an_export_has_only_the_persons_rows_and_nobody_elses_id(app: App) -> None:
    ada, bob = (app.sign_in(f"{name}@exported.example") for name in ("ada", "bob"))
    user, other = (app.bearer(one["access_token"]).principal.user for one in (ada, bob))
    with psycopg.connect(app.database_url, autocommit=True) as connection:
        connection.execute("insert into subject_roles values (%s, 'admin')", (other,))
        connection.execute("insert into entitlements values (%s, 1, '{\"premium\": 1}')", (user,))
    refreshed = app.http.post(
        "/v1/auth/token", data={"grant_type": "refresh_token", "refresh_token": bob["refresh_token"]}
    ).json()
    admin = {"Authorization": f"Bearer {refreshed['access_token']}"}
    app.http.put(f"/v1/auth/admin/subjects/{user}/roles/admin", headers=admin).raise_for_status()

    found = exported(app, ada["access_token"])
    assert all(found.values())
    assert [row["address"] for row in found["accounts"]] == ["ada@exported.example"]
    assert [entry["action"] for entry in found["audit"]] == ["account.created", "session.began", "role.given"]
    assert other not in str(found)
    assert ada["refresh_token"] not in str(found)

    of_admin = exported(app, refreshed["access_token"])
    assert "role.given" in {entry["action"] for entry in of_admin["audit"]}
    assert user not in str(of_admin)


def test_without_a_token_there_is_nothing(app: App) -> None:
    assert app.http.get("/v1/auth/export").status_code == 401
