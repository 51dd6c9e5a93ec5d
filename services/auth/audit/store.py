"""The audit log in PostgreSQL, written in the transaction of what it tells."""

from __future__ import annotations

import time

from psycopg.types.json import Jsonb

from services.auth.audit.chain import GENESIS, Entry, Verification, entry_hash, verify
from services.kit import logs
from services.kit.database import Connection

log = logs.get(__name__)

_LOCK = 0x61756469
"""Number of the advisory lock under which entries are appended: each needs the hash of the one before."""
PAGE = 1000


async def append(connection: Connection, actor: str, action: str, subject: str, **detail: str) -> None:
    """Adds an entry. Others wait for this transaction's end: append last."""
    await connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
    number, previous = await _head(connection)
    entry = Entry(number + 1, time.time_ns() // 1000, actor, action, subject, detail)
    hashed = entry_hash(previous, entry)
    await connection.execute(
        "insert into audit (number, at, actor, action, subject, detail, hash) values (%s, %s, %s, %s, %s, %s, %s)",
        (entry.number, entry.at, actor, action, subject, Jsonb(detail), hashed),
    )
    # Also outside the database: entries that are cut off its end are missed by nobody else.
    log.info("audit", number=entry.number, actor=actor, action=action, subject=subject, hash=hashed.hex())


async def entries(connection: Connection, after: int, limit: int) -> list[tuple[Entry, bytes]]:
    """Entries with numbers above `after`, in order, with their hashes."""
    cursor = await connection.execute(
        "select number, at, actor, action, subject, detail, hash from audit where number > %s order by number limit %s",
        (after, limit),
    )
    return [(Entry(*row[:-1]), bytes(row[-1])) for row in await cursor.fetchall()]


async def verified(connection: Connection) -> Verification:
    """Of the whole log, read page by page."""
    found = Verification(0, GENESIS)
    while page := await entries(connection, found.entries, PAGE):
        found = verify(page, found.entries, found.head)
        if found.broken_at is not None:
            break
    return found


async def _head(connection: Connection) -> tuple[int, bytes]:
    cursor = await connection.execute("select number, hash from audit order by number desc limit 1")
    row = await cursor.fetchone()
    return (row[0], bytes(row[1])) if row else (0, GENESIS)
