"""What Redis has of people: the facts of app launch, and their preferences for `recommend`.

Both carry the version of the person's row that they are of, and a script refuses an older one: a reader that read the
database before a change and answers after it cannot put back what the change replaced. While Redis is away nothing is
read from it, and for a moment after an error it is not asked, so that requests do not wait for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

from contracts.connections import redis_options
from contracts.preferences import PREFERENCES_KEY
from services.kit import logs

LAUNCH_KEY = "users:launch:"
LAUNCH_SECONDS = 600
"""Facts are kept, and older ones refused, this long; far longer than any request lasts."""
REST_SECONDS = 1.0
"""Without Redis, after an error."""
ANSWER_SECONDS = 1.0
"""For an answer of Redis: whoever launches an app waits for it, and the database has the same."""
CONNECTIONS = 8
"""At most; a request waits for a free one. redis-py reads all authorities of the system for each new one, 15 ms in
which nobody is served: a new one for each of many requests at once would have them all fail."""

_FILL = """
local newest = redis.call('hget', KEYS[1], 'version')
if newest and tonumber(newest) > tonumber(ARGV[1]) then return 0 end
redis.call('hset', KEYS[1], 'version', ARGV[1], 'facts', ARGV[2])
redis.call('expire', KEYS[1], ARGV[3])
return 1
"""
_REPLACE = """
local newest = redis.call('hget', KEYS[1], 'version')
if newest and tonumber(newest) > tonumber(ARGV[1]) then return 0 end
redis.call('hset', KEYS[1], 'version', ARGV[1])
redis.call('hdel', KEYS[1], 'facts')
redis.call('expire', KEYS[1], ARGV[3])
if ARGV[2] == '' then redis.call('del', KEYS[2]) else redis.call('set', KEYS[2], ARGV[2]) end
return 1
"""

log = logs.get(__name__)


def client(url: str, ca_file: str) -> Redis:
    """A client with few connections, to be closed."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=ANSWER_SECONDS,
        health_check_interval=15,
        socket_connect_timeout=ANSWER_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        **redis_options(url, ca_file),
    )
    return Redis.from_pool(pool)


class Cache:
    """`clock` gives seconds, for the rest after an error."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._fill = redis.register_script(_FILL)
        self._replace = redis.register_script(_REPLACE)
        self._clock = clock
        self._rests_until = float("-inf")

    async def facts(self, user: str) -> bytes | None:
        """The facts of this person; None if Redis has none or is away."""
        if self._clock() < self._rests_until:
            return None
        try:
            return await self._redis.hget(LAUNCH_KEY + user, "facts")  # pyright: ignore
        except (RedisError, OSError) as error:
            self._rest(error)
            return None

    async def fill(self, user: str, version: int, facts: bytes) -> None:
        """Keeps facts of `version`, unless a later one is known."""
        if self._clock() < self._rests_until:
            return
        try:
            await self._fill(keys=[LAUNCH_KEY + user], args=[version, facts, LAUNCH_SECONDS])
        except (RedisError, OSError) as error:
            self._rest(error)

    async def replace(self, user: str, version: int, preferences: bytes) -> None:
        """Forgets the facts before `version`, and keeps its preferences (b"": none); raises RedisError and OSError."""
        keys = [LAUNCH_KEY + user, PREFERENCES_KEY + user]
        await self._replace(keys=keys, args=[version, preferences, LAUNCH_SECONDS])

    def _rest(self, error: Exception) -> None:
        self._rests_until = self._clock() + REST_SECONDS
        log.warning("redis_unavailable", error=repr(error), hint="people are read from the database")
