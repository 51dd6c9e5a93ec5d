"""Accounts and identities in PostgreSQL."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from psycopg import errors

from services.auth.accounts.linking import Identity, Link, link
from services.kit.database import Connection

ATTEMPTS = 3
"""Of two first sign-ins with one identity or address at one moment, the second one finds what the first one made."""


@dataclass(frozen=True)
class Found:
    account_id: str
    link: Link


async def sign_in(connection: Connection, one: Identity) -> Found:
    """The account of an identity, which is linked or created if need be."""
    for attempt in range(ATTEMPTS):
        try:
            async with connection.transaction():  # a savepoint, or else the caller's transaction would be lost
                return await _sign_in(connection, one)
        except errors.UniqueViolation:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


async def _sign_in(connection: Connection, one: Identity) -> Found:
    of_identity = await _single(
        connection, "select account_id from identities where issuer = %s and subject = %s", (one.issuer, one.subject)
    )
    of_address = await _single(connection, "select id from accounts where address = %s", (one.address,))
    decided = link(of_identity, one.address, of_address)
    if decided is Link.KNOWN:
        assert of_identity is not None
        return Found(of_identity, decided)
    account_id = of_address if decided is Link.LINKED else None
    if account_id is None:
        account_id = str(uuid.uuid4())
        await connection.execute("insert into accounts (id, address) values (%s, %s)", (account_id, one.address))
    await connection.execute(
        "insert into identities (issuer, subject, account_id) values (%s, %s, %s)",
        (one.issuer, one.subject, account_id),
    )
    return Found(account_id, decided)


async def account_of_address(connection: Connection, address: str) -> str | None:
    return await _single(connection, "select id from accounts where address = %s", (address,))


async def _single(connection: Connection, query: Any, parameters: tuple[Any, ...]) -> str | None:
    row = await (await connection.execute(query, parameters)).fetchone()
    return row[0] if row else None
