"""What became of pushes, in Redis until it is in the store. contracts/pushes.py tells the life of a push."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from redis.asyncio import Redis

from contracts import pushes
from contracts.platform import PENDING_KEY
from contracts.stream import EmergencyCalm
from services.kit import logs

AT_ONCE = 500

log = logs.get(__name__)


@dataclass(frozen=True)
class Outcome:
    """`entry` is its id in the stream; `raised` and `at` are Unix ms."""

    entry: bytes
    event_id: str
    raised: int
    outcome: str
    at: int


class Outcomes:
    """Finds out which pushes were missed, and gives what is not written yet. Raises RedisError.

    A push counts as missed `confirm_seconds` after it expired.
    """

    def __init__(self, redis: Redis, confirm_seconds: float) -> None:
        self._confirm_seconds = confirm_seconds
        self._redis = redis
        self._close = redis.register_script(pushes.CLOSE)

    async def miss_expired(self, now: float) -> int:
        """Closes pushes that were not confirmed by `now` (Unix seconds), in good time; gives how many were due, at
        most AT_ONCE."""
        until = int((now - self._confirm_seconds) * 1000)
        due: list[Any] = await self._redis.zrange(
            pushes.OPEN, "-inf", until, byscore=True, offset=0, num=AT_ONCE, withscores=True
        )  # pyright: ignore[reportCallIssue, reportArgumentType, reportAssignmentType]
        for member, expired in due:
            event_id, user = pushes.parties(member.decode())
            keys = [PENDING_KEY + user, pushes.OPEN, pushes.OUTCOMES]
            await self._close(keys=keys, args=[event_id, user, pushes.MISSED, int(expired)])
        return len(due)

    async def unwritten(self) -> list[Outcome]:
        """The oldest AT_ONCE outcomes that `written` was not told of; what can't be read is told of and dropped."""
        entries: list[Any] = await self._redis.xrange(pushes.OUTCOMES, count=AT_ONCE)  # pyright: ignore
        outcomes: list[Outcome] = []
        for entry, fields in entries:
            try:
                outcomes.append(_outcome(entry, fields))
            except (msgspec.MsgspecError, KeyError, ValueError, OverflowError) as error:
                log.error("outcome_unreadable", entry=entry.decode(), fields=str(fields), error=str(error))
                await self._redis.xdel(pushes.OUTCOMES, entry)
        return outcomes

    async def written(self, outcomes: Sequence[Outcome]) -> None:
        """These are in the store."""
        if outcomes:
            await self._redis.xdel(pushes.OUTCOMES, *(outcome.entry for outcome in outcomes))


def _outcome(entry: bytes, fields: dict[bytes, bytes]) -> Outcome:
    push, at = msgspec.json.decode(fields[b"push"], type=EmergencyCalm), int(fields[b"at"])
    for moment in (push.raised, at):
        datetime.fromtimestamp(moment / 1000, UTC)  # the store refuses what is no date, and with it all others
    return Outcome(entry, push.event_id, push.raised, fields[b"outcome"].decode(), at)
