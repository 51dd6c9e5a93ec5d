"""A person gets what the service has of them, and of nobody else."""

from __future__ import annotations

import psycopg
import pytest

from services.auth.rest.export import TABLES
from tests.auth.app import App
from tests.auth.test_erasure import TABLES as ERASED

pytestmark = pytest.mark.integration


def test_an_export_has_every_table_that_is_erased_and_only_the_persons_rows(app: App) -> None:
    ada, bob = (app.sign_in(f"{name}@exported.example") for name in ("ada", "bob"))
    user, other = (app.bearer(one["access_token"]).principal.user for one in (ada, bob))
    with psycopg.connect(app.database_url, autocommit=True) as connection:
        connection.execute("insert into subject_roles values (%s, 'admin')", (user,))
        connection.execute("insert into entitlements values (%s, 1, '{\"premium\": 1}')", (user,))
    headers = {"Authorization": f"Bearer {ada['access_token']}"}
    exported = app.http.get("/v1/auth/export", headers=headers).raise_for_status().json()
    assert exported.keys() == TABLES.keys() >= ERASED.keys() - {"codes"}
    assert all(exported.values())
    assert exported["accounts"][0]["address"] == "ada@exported.example"
    assert other not in str(exported)
    assert ada["refresh_token"] not in str(exported)
    assert app.http.get("/v1/auth/export").status_code == 401
