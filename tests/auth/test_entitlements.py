"""What an account has paid for is a role of its tokens for as long as it lasts, whatever is delivered when."""

from __future__ import annotations

import time
from uuid import uuid4

import msgspec
import psycopg
import pytest
from pydantic import SecretStr

from contracts.connections import DatabaseVariables
from contracts.entitlement_events import Entitlement, EntitlementEvent, encode
from services.auth.entitling import Keeper
from services.kit import database
from tests.auth.app import App
from tests.kit.refusals import refusing

pytestmark = pytest.mark.integration
SOON = int(time.time() * 1000) + 3_600_000
OVER = int(time.time() * 1000) - 1000


def event(user: str, version: int, **held: int) -> bytes:
    entitlements = tuple(Entitlement(name, until) for name, until in held.items())
    return encode(EntitlementEvent(str(uuid4()), user, version, 0, entitlements))


async def deliver(app: App, *values: bytes) -> None:
    async with database.pool(DatabaseVariables(database_url=SecretStr(app.database_url)), size=1) as pool:
        for value in values:
            await Keeper(pool).handle(value)


def stored(app: App, user: str) -> list[tuple[int, dict[str, int]]]:
    with psycopg.connect(app.database_url) as connection:
        return connection.execute("select version, held from entitlements where account_id = %s", (user,)).fetchall()


async def test_tokens_have_what_is_paid_for_from_the_next_refresh_on(app: App) -> None:
    session = app.sign_in("payer@entitled.example")
    user = app.bearer(session["access_token"]).principal.user

    async def roles_after(value: bytes) -> list[str]:
        nonlocal session
        await deliver(app, value)
        session = app.refresh(session["refresh_token"]).raise_for_status().json()
        return sorted(app.bearer(session["access_token"]).principal.roles)

    assert await roles_after(event(user, 1, premium=SOON)) == ["premium"]
    assert await roles_after(event(user, 3)) == []
    assert await roles_after(event(user, 2, premium=SOON)) == [], "an older record that comes later"
    assert await roles_after(b"") == []
    assert await roles_after(event(user, 4, premium=SOON, family=OVER)) == ["premium"]
    with psycopg.connect(app.database_url, autocommit=True) as connection:
        connection.execute("insert into roles values ('auditor', '{auth.audit.read}') on conflict do nothing")
        connection.execute("insert into subject_roles values (%s, 'auditor')", (user,))
    assert await roles_after(event(user, 5, premium=SOON)) == ["auditor", "premium"]
    again = app.sign_in("payer@entitled.example")
    assert app.bearer(again["access_token"]).principal.roles == {"auditor", "premium"}


async def test_a_role_that_grants_permissions_cannot_be_bought(app: App) -> None:
    session = app.sign_in("thief@entitled.example")
    await deliver(app, event(app.bearer(session["access_token"]).principal.user, 1, admin=SOON))
    refreshed = app.refresh(session["refresh_token"]).json()
    assert app.bearer(refreshed["access_token"]).principal.roles == frozenset()


async def test_of_who_has_no_account_nothing_is_kept(app: App) -> None:
    await deliver(app, event("nobody", 1, premium=SOON))
    assert stored(app, "nobody") == []


@pytest.mark.parametrize("value", [b"{", event("ada", 1, **{"not a role": SOON}), event("ada", 1 << 70)])
async def test_what_is_no_event_is_refused(app: App, value: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        await deliver(app, value)


async def test_what_no_table_takes_is_told_from_a_database_that_is_away(app: App) -> None:
    user = app.bearer(app.sign_in("refused@entitled.example")["access_token"]).principal.user
    with refusing(app.database_url, "entitlements", "54000"), pytest.raises(msgspec.DecodeError, match="limit"):
        await deliver(app, event(user, 1, premium=SOON))
    with refusing(app.database_url, "entitlements", "57014"), pytest.raises(psycopg.errors.QueryCanceled):
        await deliver(app, event(user, 1, premium=SOON))
    assert stored(app, user) == []
