"""The end of an account erases it here as well."""

from __future__ import annotations

from uuid import uuid4

import msgspec
import psycopg
import pytest
from pydantic import SecretStr

from contracts.connections import DatabaseVariables
from contracts.user_events import Kind, UserEvent, encode
from services.auth.erasure import Eraser
from services.kit import database
from tests.auth.app import App
from tests.kit.refusals import refusing

pytestmark = pytest.mark.integration
TABLES = {
    "accounts": "id",
    "identities": "account_id",
    "sessions": "account_id",
    "codes": "account_id",
    "subject_roles": "subject",
    "entitlements": "account_id",
}


def rows(app: App, user: str) -> dict[str, int]:
    with psycopg.connect(app.database_url) as connection:
        counted = {
            table: connection.execute(f"select count(*) from {table} where {column} = %s".encode(), (user,)).fetchone()
            for table, column in TABLES.items()
        }
    return {table: found[0] for table, found in counted.items() if found}


async def erase(app: App, value: bytes) -> None:
    async with database.pool(DatabaseVariables(database_url=SecretStr(app.database_url)), size=1) as pool:
        await Eraser(pool).handle(value)


def ended(user: str, until: int = 4_000_000_000_000) -> bytes:
    return encode(UserEvent(str(uuid4()), Kind.ACCOUNT_DELETED, user, 0, until=until))


async def test_everything_of_a_person_is_erased_and_nothing_of_others(app: App) -> None:
    ada, bob = (app.sign_in(f"{name}@erased.example") for name in ("ada", "bob"))
    user, other = (app.bearer(one["access_token"]).principal.user for one in (ada, bob))
    with psycopg.connect(app.database_url, autocommit=True) as connection:
        connection.execute("insert into subject_roles values (%s, 'admin')", (user,))
        connection.execute("insert into entitlements values (%s, 1, '{}')", (user,))
    app.answer("ada@erased.example")  # a code that nobody redeemed
    before, others = rows(app, user), rows(app, other)
    assert all(before.values()), before
    for value in (ended("nobody"), ended(user, until=1), encode(UserEvent("x", "another-kind", user, 0))):
        await erase(app, value)
        assert rows(app, user) == before
    for _ in range(2):
        await erase(app, ended(user))
        assert not any(rows(app, user).values())
    assert rows(app, other) == others
    assert app.refresh(ada["refresh_token"]).status_code == 400
    assert app.refresh(bob["refresh_token"]).is_success
    again = app.sign_in("ada@erased.example")
    assert app.bearer(again["access_token"]).principal.user != user, "who comes back is a new person"


@pytest.mark.parametrize("value", [b"", b"{", ended("ada", until=1 << 60)])
async def test_what_is_no_event_is_refused(app: App, value: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        await erase(app, value)


async def test_what_no_table_takes_is_told_from_a_database_that_is_away(app: App) -> None:
    user = app.bearer(app.sign_in("refused@erased.example")["access_token"]).principal.user
    with refusing(app.database_url, "accounts", "23514"), pytest.raises(msgspec.DecodeError, match="constraint"):
        await erase(app, ended(user))
    with refusing(app.database_url, "accounts", "57014"), pytest.raises(psycopg.errors.QueryCanceled):
        await erase(app, ended(user))
    assert rows(app, user)["accounts"] == 1
