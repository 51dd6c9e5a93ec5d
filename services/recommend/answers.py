"""Which answer an event got, kept in Redis so that an event asked about twice is answered and pushed once."""

from __future__ import annotations

from typing import Any

import msgspec
from redis.asyncio import Redis

from contracts import pushes
from contracts.platform import PENDING_KEY, PUSH_CHANNEL
from contracts.preferences import NONE, PREFERENCES_KEY, Preferences, read
from contracts.stream import EmergencyCalm
from services.kit import logs
from services.recommend import metrics

ANSWER_KEY = "recommend:answer:"
HEARD_KEY = "recommend:heard:"

_GIVE = """
if redis.call('set', KEYS[1], ARGV[1], 'nx', 'ex', ARGV[4]) == false then return redis.call('get', KEYS[1]) end
redis.call('hset', KEYS[2], ARGV[2], ARGV[1])
redis.call('zadd', KEYS[4], ARGV[3], ARGV[8])
redis.call('zremrangebyscore', KEYS[3], '-inf', ARGV[6] - ARGV[4])
redis.call('zadd', KEYS[3], ARGV[6], ARGV[5])
redis.call('expire', KEYS[3], ARGV[4])
redis.call('publish', ARGV[7], ARGV[1])
return ARGV[1]
"""
"""One script, so that a crash leaves an event either unanswered or answered, pending, open and published."""

log = logs.get(__name__)


class Answers:
    """Answers of the last `keep_seconds`, and what people heard in that time."""

    def __init__(self, redis: Redis, keep_seconds: int) -> None:
        self._redis = redis
        self._give = redis.register_script(_GIVE)
        self._keep_seconds = keep_seconds

    async def given(self, event_id: str) -> EmergencyCalm | None:
        """The answer that the event already got."""
        answer = await self._redis.get(ANSWER_KEY + event_id)
        return msgspec.json.decode(answer, type=EmergencyCalm) if answer else None

    async def known(self, user: str, now: float) -> tuple[dict[int, float], Preferences]:
        """Items that the person was offered since `now` less the time kept, with the moment (Unix seconds), and what
        they prefer."""
        since = int(now - self._keep_seconds)
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.zrange(HEARD_KEY + user, since, "+inf", byscore=True, withscores=True)  # pyright: ignore
            pipeline.get(PREFERENCES_KEY + user)
            heard, preferences = await pipeline.execute()
        return {int(item): at for item, at in heard}, _preferences(user, preferences)

    async def give(self, calm: EmergencyCalm, item: int, now: float) -> EmergencyCalm:
        """Records and publishes the answer; gives the one that counts, which is an earlier one if there was."""
        user = calm.user
        keys = [ANSWER_KEY + calm.event_id, PENDING_KEY + user, HEARD_KEY + user, pushes.OPEN]
        arguments: list[Any] = [
            msgspec.json.encode(calm),
            calm.event_id,
            calm.expires,
            self._keep_seconds,
            item,
            int(now),
            PUSH_CHANNEL,
            pushes.ticket(calm.event_id, user),
        ]
        answer = await self._give(keys=keys, args=arguments)
        return msgspec.json.decode(answer, type=EmergencyCalm)


def _preferences(user: str, record: bytes | None) -> Preferences:
    if record is None:
        return NONE
    try:
        return read(record)
    except msgspec.MsgspecError as error:
        metrics.unreadable_preferences.inc()
        log.warning("preferences_unreadable", user=user, error=str(error), then="answered as if there were none")
        return NONE
