"""Builds an index anew while the one before is read: when the declared index has changed, or somebody asks for it.

It belongs to a timeline of the database: one that was promoted, or restored, has a later timeline and may lack what was
written last before. So the index of another timeline is built anew too.

The new one is a target of changes first, then gets every row, and then is read instead of the old one. A row that
changes meanwhile is written by its event, and its version keeps the copy from undoing that.
"""

from __future__ import annotations

import asyncio
import time

from services.content import items
from services.content.items import Filter
from services.content.schemas import State
from services.content.search import mapping
from services.content.search.engine import READS, Engine, SearchUnavailable
from services.kit import logs
from services.kit.database import AWAY, Connection, Pool

BATCH = 500
_LOCK = "select pg_try_advisory_xact_lock(hashtext('content-search'))"
_TIMELINE = "select lower(left(pg_walfile_name(pg_current_wal_lsn()), 8))"
"""PostgreSQL counts it up at each promotion; the names of its log's files begin with it."""
_RETRY_SECONDS = 5.0

log = logs.get(__name__)


async def ensure(pool: Pool, engine: Engine) -> None:
    """Returns when an index as it is declared is read; builds it unless another Pod does."""
    while True:
        try:
            if await built(pool, engine) or await build(pool, engine):
                return
        except (SearchUnavailable, *AWAY) as error:
            log.warning("index_delayed", error=str(error).strip(), retry_seconds=_RETRY_SECONDS)
        await asyncio.sleep(_RETRY_SECONDS)


async def built(pool: Pool, engine: Engine) -> bool:
    """Whether an index as it is declared, of this database, is read."""
    async with pool.connection() as connection:
        prefix = await _prefix(connection)
    return any(name.startswith(prefix) for name in await engine.indexes(READS))


async def build(pool: Pool, engine: Engine) -> bool:
    """Builds an index and has it read; False if another process is building one."""
    async with pool.connection() as lock:
        row = await (await lock.execute(_LOCK)).fetchone()
        if row is None or not row[0]:
            return False
        before = await engine.indexes(READS)
        for unread in await engine.unread():
            await engine.delete(unread)
        name = f"{await _prefix(lock)}{time.time_ns() // 1_000_000}"
        await engine.create(name, mapping.index())
        copied = await _copy(pool, engine, name)
        await engine.switch(name, before)
        log.info("index_built", index=name, items=copied, replaced=before)
        return True


async def _prefix(connection: Connection) -> str:
    """Of the names of indexes that are as declared, and of this database's timeline."""
    row = await (await connection.execute(_TIMELINE)).fetchone()
    assert row is not None
    return f"content-{mapping.digest()}-{row[0]}-"


async def _copy(pool: Pool, engine: Engine, name: str) -> int:
    copied, position = 0, items.NEWEST
    for state in (State.PUBLISHED, State.WITHDRAWN):
        position = items.NEWEST
        while True:
            async with pool.connection() as connection:
                rows = await items.page(connection, Filter(state), position, BATCH)
            refused = await engine.write([name], {(item.id, item.version): mapping.document(item) for item in rows})
            for item, reason in refused.items():
                log.error(
                    "item_not_indexed", index=name, item=item, error=reason, hint="correct it: a change is indexed"
                )
            copied += len(rows) - len(refused)
            if len(rows) < BATCH:
                break
            position = rows[-1].id
    return copied
