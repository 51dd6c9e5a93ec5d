"""Sign-ins that are under way, and the codes that end them. Each is taken once, by whichever Pod comes first."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.rows import class_row

from services.auth.sessions.opaque import digest
from services.kit.database import Connection

SIGN_IN_SECONDS = 600
"""Within which a person chooses an account and gives consent at the provider."""
CODE_SECONDS = 60
"""RFC 6749, section 4.1.2, recommends 10 minutes at most; the app is waiting for it."""


@dataclass(frozen=True)
class SignIn:
    """`nonce` and `verifier` are those towards the provider, `challenge` and `client_state` those of the app."""

    provider: str
    nonce: str
    verifier: str
    redirect_uri: str
    client_state: str
    challenge: str
    device: str


@dataclass(frozen=True)
class Code:
    account_id: str
    redirect_uri: str
    challenge: str
    device: str


async def remember(connection: Connection, state: str, one: SignIn) -> None:
    """Stores a sign-in under its state, and forgets those that nobody ended."""
    await connection.execute("delete from sign_ins where expires_at < now()")
    await connection.execute(
        "insert into sign_ins (state, provider, nonce, verifier, redirect_uri, client_state, challenge, device,"
        " expires_at) values (%s, %s, %s, %s, %s, %s, %s, %s, now() + make_interval(secs => %s))",
        (
            *(digest(state), one.provider, one.nonce, one.verifier, one.redirect_uri, one.client_state),
            *(one.challenge, one.device, SIGN_IN_SECONDS),
        ),
    )


async def take(connection: Connection, state: str, provider: str) -> SignIn | None:
    """The sign-in of `state`, which is forgotten; None without one that is under way at this provider."""
    async with connection.cursor(row_factory=class_row(SignIn)) as cursor:
        await cursor.execute(
            "delete from sign_ins where state = %s and provider = %s and expires_at > now()"
            " returning provider, nonce, verifier, redirect_uri, client_state, challenge, device",
            (digest(state), provider),
        )
        return await cursor.fetchone()


async def give_code(connection: Connection, code: str, account_id: str, one: SignIn) -> None:
    await connection.execute("delete from codes where expires_at < now()")
    await connection.execute(
        "insert into codes (code, account_id, redirect_uri, challenge, device, expires_at)"
        " values (%s, %s, %s, %s, %s, now() + make_interval(secs => %s))",
        (digest(code), account_id, one.redirect_uri, one.challenge, one.device, CODE_SECONDS),
    )


async def take_code(connection: Connection, code: str) -> Code | None:
    """What `code` stands for; it is used up, whatever becomes of this use."""
    async with connection.cursor(row_factory=class_row(Code)) as cursor:
        await cursor.execute(
            "delete from codes where code = %s and expires_at > now()"
            " returning account_id, redirect_uri, challenge, device",
            (digest(code),),
        )
        return await cursor.fetchone()
