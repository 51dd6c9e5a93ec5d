"""Answers to events, kept in Redis so that a repeated request is answered alike and pushed once."""

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
PLAYED_KEY = "recommend:heard:"

_RECORD = """
if redis.call('set', KEYS[1], ARGV[1], 'nx', 'ex', ARGV[4]) == false then return redis.call('get', KEYS[1]) end
redis.call('hset', KEYS[2], ARGV[2], ARGV[1])
redis.call('zadd', KEYS[4], ARGV[3], ARGV[8])
redis.call('zremrangebyscore', KEYS[3], '-inf', ARGV[6] - ARGV[4])
redis.call('zadd', KEYS[3], ARGV[6], ARGV[5])
redis.call('expire', KEYS[3], ARGV[4])
redis.call('publish', ARGV[7], ARGV[1])
return ARGV[1]
"""
"""One atomic script: after a crash an event is either unanswered or answered, pending, open and published."""

log = logs.get(__name__)
_decode_calm = msgspec.json.Decoder(EmergencyCalm).decode


class AnswerStore:
    """Answers of the last `retention_seconds`, and what was played to each user in that time."""

    def __init__(self, redis: Redis, retention_seconds: int) -> None:
        self._redis = redis
        self._record = redis.register_script(_RECORD)
        self._retention_seconds = retention_seconds

    async def find(self, event_id: str) -> EmergencyCalm | None:
        """The answer already recorded for the event."""
        answer = await self._redis.get(ANSWER_KEY + event_id)
        return _decode_calm(answer) if answer else None

    async def profile(self, user: str, now: float) -> tuple[dict[int, float], Preferences]:
        """Items played to the user within the retention before `now`, with their times (Unix seconds), and the user's
        preferences."""
        since = int(now - self._retention_seconds)
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.zrange(PLAYED_KEY + user, since, "+inf", byscore=True, withscores=True)  # pyright: ignore
            pipeline.get(PREFERENCES_KEY + user)
            played, preferences = await pipeline.execute()
        return {int(item): at for item, at in played}, _preferences(user, preferences)

    async def record(self, calm: EmergencyCalm, item: int, now: float) -> EmergencyCalm:
        """Records and publishes the answer; returns the recorded one, which is an earlier one if it exists."""
        user = calm.user
        keys = [ANSWER_KEY + calm.event_id, PENDING_KEY + user, PLAYED_KEY + user, pushes.OPEN]
        arguments: list[Any] = [
            msgspec.json.encode(calm),
            calm.event_id,
            calm.expires,
            self._retention_seconds,
            item,
            int(now),
            PUSH_CHANNEL,
            pushes.ticket(calm.event_id, user),
        ]
        recorded = await self._record(keys=keys, args=arguments)
        return _decode_calm(recorded)


def _preferences(user: str, record: bytes | None) -> Preferences:
    if record is None:
        return NONE
    try:
        return read(record)
    except msgspec.MsgspecError as error:
        metrics.unreadable_preferences.inc()
        log.warning("invalid_preferences", user=user, error=str(error), fallback="defaults")
        return NONE
