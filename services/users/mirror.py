"""Makes Redis equal to the database after each change of a person, sooner or later.

A change notes in its own transaction that Redis is behind (`stale`). The process that made it tells Redis at once; if
that fails, or the process ends, the next round of any Pod does.
"""

from __future__ import annotations

import asyncio

import msgspec
from redis.exceptions import RedisError

from contracts.preferences import Preferences
from services.kit import logs
from services.kit.database import AWAY, Pool
from services.users.cache import Cache

ROUND_SECONDS = 5.0
BATCH = 200

_BEHIND = """
select stale.user_id, stale.version, preferences.content, profile.content ->> 'zone'
from stale
left join documents as preferences on preferences.user_id = stale.user_id and preferences.kind = 'preferences'
left join documents as profile on profile.user_id = stale.user_id and profile.kind = 'profile'
"""
_DONE = "delete from stale where user_id = %s and version = %s"

log = logs.get(__name__)


class Mirror:
    def __init__(self, pool: Pool, cache: Cache) -> None:
        self._pool = pool
        self._cache = cache

    async def refresh(self, user: str) -> None:
        """Tells Redis of a change of `user` that is committed; what fails is done in a later round."""
        try:
            await self._tell(f"{_BEHIND} where stale.user_id = %s", user)
        except (RedisError, OSError, *AWAY) as error:
            log.warning("mirror_delayed", error=repr(error), retry_seconds=ROUND_SECONDS)

    async def run(self) -> None:
        """Rounds until cancelled."""
        while True:
            try:
                more = await self._tell(f"{_BEHIND} limit %s", BATCH) == BATCH
            except (RedisError, OSError, *AWAY) as error:
                log.warning("mirror_delayed", error=repr(error), retry_seconds=ROUND_SECONDS)
                more = False
            if not more:
                await asyncio.sleep(ROUND_SECONDS)

    async def _tell(self, query: str, parameter: object) -> int:
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(query.encode(), (parameter,))).fetchall()
            for user, version, content, zone in rows:
                await self._cache.replace(user, version, record(content, zone))
                await connection.execute(_DONE, (user, version))
        return len(rows)


def record(content: dict[str, object] | None, zone: str | None) -> bytes:
    """The preferences as `recommend` reads them; b"" for a person that has none."""
    if content is None and zone is None:
        return b""
    return msgspec.json.encode(msgspec.convert((content or {}) | {"timezone": zone}, Preferences))
