"""Sessions and their refresh tokens in PostgreSQL. The caller's transaction decides what lasts."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg.rows import class_row

from services.auth.sessions import opaque
from services.auth.sessions.rotation import LIFETIME_SECONDS, Outcome, StoredToken, outcome
from services.kit.database import Connection


@dataclass(frozen=True)
class Session:
    """A device that is signed in."""

    id: str
    account_id: str
    device: str
    created_at: datetime
    used_at: datetime


@dataclass(frozen=True)
class Use:
    """What the use of a refresh token did; `refresh_token` is the successor, None when none was issued."""

    outcome: Outcome
    session_id: str
    account_id: str
    refresh_token: str | None = None


async def begin(connection: Connection, account_id: str, device: str, now: float) -> Use:
    """A new session with its first refresh token."""
    session_id = str(uuid.uuid4())
    moment = datetime.fromtimestamp(now, UTC)
    await connection.execute(
        "insert into sessions (id, account_id, device, created_at, used_at) values (%s, %s, %s, %s, %s)",
        (session_id, account_id, device, moment, moment),
    )
    return Use(Outcome.ROTATED, session_id, account_id, await _issue(connection, session_id, None, now))


async def use(connection: Connection, refresh_token: str, now: float) -> Use | None:
    """Uses `refresh_token`, as `rotation` decides; None for one that was never issued.

    The session's row is locked first: of two simultaneous uses the second one sees what the first one did.
    """
    hashed = opaque.digest(refresh_token)
    cursor = await connection.execute(
        "select id, account_id, ended_at is not null from sessions"
        " where id = (select session_id from refresh_tokens where hash = %s) for update",
        (hashed,),
    )
    session = await cursor.fetchone()
    if session is None:
        return None
    session_id, account_id, ended = session
    cursor = await connection.execute(
        "select extract(epoch from expires_at)::float8, extract(epoch from used_at)::float8, replaced,"
        " exists (select from refresh_tokens successor where successor.before = token.hash"
        " and successor.used_at is not null) from refresh_tokens token where hash = %s",
        (hashed,),
    )
    row = await cursor.fetchone()
    assert row is not None  # tokens are deleted with their session only, which is locked
    token = StoredToken(row[0], row[1], successor_used=row[3], replaced=row[2])
    found = outcome(token, ended, now)
    if found is Outcome.REUSED:
        await end(connection, session_id, "refresh token reused")
    if found not in (Outcome.ROTATED, Outcome.REPLACED):
        return Use(found, session_id, account_id)
    moment = datetime.fromtimestamp(now, UTC)
    if found is Outcome.ROTATED:
        await connection.execute("update refresh_tokens set used_at = %s where hash = %s", (moment, hashed))
    else:
        await connection.execute("update refresh_tokens set replaced = true where before = %s", (hashed,))
    await connection.execute("update sessions set used_at = %s where id = %s", (moment, session_id))
    return Use(found, session_id, account_id, await _issue(connection, session_id, hashed, now))


async def end(connection: Connection, session_id: str, reason: str, account_id: str | None = None) -> bool:
    """Whether there was such a session, of `account_id` if given, that had not ended yet."""
    cursor = await connection.execute(
        "update sessions set ended_at = now(), end_reason = %(reason)s where id = %(id)s and ended_at is null"
        " and (%(account)s::text is null or account_id = %(account)s)",
        {"reason": reason, "id": session_id, "account": account_id},
    )
    return cursor.rowcount == 1


async def end_all(connection: Connection, account_id: str, reason: str) -> int:
    """How many sessions of the account ended by this."""
    cursor = await connection.execute(
        "update sessions set ended_at = now(), end_reason = %s where account_id = %s and ended_at is null",
        (reason, account_id),
    )
    return cursor.rowcount


async def session_of(connection: Connection, refresh_token: str) -> str | None:
    """The id of the session that a refresh token is of, ended or not."""
    cursor = await connection.execute(
        "select session_id from refresh_tokens where hash = %s", (opaque.digest(refresh_token),)
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def is_open(connection: Connection, session_id: str) -> bool:
    """False for a session that has ended, and for one that never was."""
    cursor = await connection.execute("select from sessions where id = %s and ended_at is null", (session_id,))
    return await cursor.fetchone() is not None


async def open_sessions(connection: Connection, account_id: str) -> list[Session]:
    """The devices that are signed in, the most recently used one first."""
    async with connection.cursor(row_factory=class_row(Session)) as cursor:
        await cursor.execute(
            "select id, account_id, device, created_at, used_at from sessions"
            " where account_id = %s and ended_at is null and used_at > now() - make_interval(secs => %s)"
            " order by used_at desc, id limit 200",
            (account_id, LIFETIME_SECONDS),
        )
        return await cursor.fetchall()


async def _issue(connection: Connection, session_id: str, before: bytes | None, now: float) -> str:
    token = opaque.generate()
    await connection.execute(
        "insert into refresh_tokens (hash, session_id, before, expires_at) values (%s, %s, %s, %s)",
        (opaque.digest(token), session_id, before, datetime.fromtimestamp(now + LIFETIME_SECONDS, UTC)),
    )
    return token
