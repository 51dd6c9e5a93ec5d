"""Outcomes of pushes, queued in Redis until they are in the store; contracts/pushes.py documents their life cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from redis.asyncio import Redis

from contracts import pushes
from contracts.decoding import of_others
from contracts.platform import PENDING_KEY
from contracts.stream import EmergencyCalm
from services.kit import logs
from services.recommend import metrics

BATCH_SIZE = 500

log = logs.get(__name__)
_decode_push = of_others(msgspec.json.Decoder(EmergencyCalm).decode)


@dataclass(frozen=True)
class Outcome:
    """`entry_id` is its id in the stream; `raised` and `at` are Unix ms."""

    entry_id: bytes
    event_id: str
    user: str
    raised: int
    outcome: str
    at: int


class OutcomeQueue:
    """Marks missed pushes and returns outcomes that are not in the store yet. Raises RedisError.

    A push counts as missed `confirm_seconds` after it expired.
    """

    def __init__(self, redis: Redis, confirm_seconds: float) -> None:
        self._confirm_seconds = confirm_seconds
        self._redis = redis
        self._close = redis.register_script(pushes.CLOSE)

    async def mark_missed(self, now: float) -> int:
        """Closes pushes whose confirmation timed out by `now` (Unix seconds); returns how many were due, at most
        BATCH_SIZE."""
        until = int((now - self._confirm_seconds) * 1000)
        due: list[Any] = await self._redis.zrange(
            pushes.OPEN, "-inf", until, byscore=True, offset=0, num=BATCH_SIZE, withscores=True
        )  # pyright: ignore[reportCallIssue, reportArgumentType, reportAssignmentType]
        for member, expired in due:
            try:
                event_id, user = pushes.parse_ticket(member.decode())
            except ValueError as error:
                metrics.refused_outcomes.inc()
                log.error("invalid_ticket", ticket=ascii(member), error=str(error), action="it is dropped")
                await self._redis.zrem(pushes.OPEN, member)
                continue
            keys = [PENDING_KEY + user, pushes.OPEN, pushes.OUTCOMES]
            await self._close(keys=keys, args=[event_id, user, pushes.MISSED, int(expired)])
        return len(due)

    async def pending(self) -> list[Outcome]:
        """The oldest BATCH_SIZE unacknowledged outcomes; invalid ones are logged and dropped."""
        entries: list[Any] = await self._redis.xrange(pushes.OUTCOMES, count=BATCH_SIZE)  # pyright: ignore
        outcomes: list[Outcome] = []
        for entry_id, fields in entries:
            try:
                outcomes.append(_outcome(entry_id, fields))
            except (msgspec.MsgspecError, KeyError, ValueError, OverflowError) as error:
                metrics.refused_outcomes.inc()
                log.error("invalid_outcome", entry=entry_id.decode(), fields=str(fields), error=str(error))
                await self._redis.xdel(pushes.OUTCOMES, entry_id)
        return outcomes

    async def acknowledge(self, outcomes: Sequence[Outcome]) -> None:
        """Removes outcomes that are in the store."""
        if outcomes:
            await self._redis.xdel(pushes.OUTCOMES, *(outcome.entry_id for outcome in outcomes))


def _outcome(entry_id: bytes, fields: dict[bytes, bytes]) -> Outcome:
    push, at = _decode_push(fields[b"push"]), int(fields[b"at"])
    for moment in (push.raised, at):
        datetime.fromtimestamp(moment / 1000, UTC)  # the store rejects an invalid date, and the whole batch with it
    return Outcome(entry_id, push.event_id, push.user, push.raised, fields[b"outcome"].decode(), at)
