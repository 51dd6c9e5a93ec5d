"""Which answer an event got, kept in Redis so that an event asked about twice is answered and pushed once."""

from __future__ import annotations

from typing import Any

import msgspec
from redis.asyncio import Redis

from contracts.platform import PENDING_KEY, PUSH_CHANNEL
from contracts.stream import EmergencyCalm

ANSWER_KEY = "recommend:answer:"
HEARD_KEY = "recommend:heard:"

_GIVE = """
if redis.call('set', KEYS[1], ARGV[1], 'nx', 'ex', ARGV[4]) == false then return redis.call('get', KEYS[1]) end
redis.call('hset', KEYS[2], ARGV[2], ARGV[1])
redis.call('expire', KEYS[2], ARGV[3], 'nx')
redis.call('expire', KEYS[2], ARGV[3], 'gt')
redis.call('zadd', KEYS[3], ARGV[6], ARGV[5])
redis.call('expire', KEYS[3], ARGV[4])
redis.call('publish', ARGV[7], ARGV[1])
return ARGV[1]
"""
"""One script, so that a crash leaves an event either unanswered or answered, pending and published."""


class Answers:
    """Answers of the last `keep_seconds`, and what people heard in that time."""

    def __init__(self, redis: Redis, push_seconds: int, keep_seconds: int) -> None:
        self._redis = redis
        self._give = redis.register_script(_GIVE)
        self._push_seconds = push_seconds
        self._keep_seconds = keep_seconds

    async def given(self, event_id: str) -> EmergencyCalm | None:
        """The answer that the event already got."""
        answer = await self._redis.get(ANSWER_KEY + event_id)
        return msgspec.json.decode(answer, type=EmergencyCalm) if answer else None

    async def heard(self, user: str, now: float) -> list[int]:
        """Ids of the items that the person was offered since `now` (Unix seconds) less the time kept."""
        since = int(now - self._keep_seconds)
        found: list[Any] = await self._redis.zrange(HEARD_KEY + user, since, "+inf", byscore=True)  # pyright: ignore
        return [int(item) for item in found]

    async def give(self, calm: EmergencyCalm, item: int, now: float) -> EmergencyCalm:
        """Records and publishes the answer; gives the one that counts, which is an earlier one if there was."""
        user = calm.user
        answer = await self._give(
            keys=[ANSWER_KEY + calm.event_id, PENDING_KEY + user, HEARD_KEY + user],
            args=[
                msgspec.json.encode(calm),
                calm.event_id,
                self._push_seconds,
                self._keep_seconds,
                item,
                int(now),
                PUSH_CHANNEL,
            ],
        )
        return msgspec.json.decode(answer, type=EmergencyCalm)
