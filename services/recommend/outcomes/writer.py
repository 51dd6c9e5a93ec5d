"""Outcomes of pushes into the events' table of the store.

Every Pod does this. An outcome leaves Redis only when it is committed in the store, and writing one again changes
nothing; so a Pod killed anywhere, or two at the same outcome, lose and double nothing. With the store or Redis away it
waits, and answers go on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import AsyncConnection
from redis.exceptions import RedisError

from contracts import pushes
from contracts.platform import TABLE_EVENTS
from services.kit import logs
from services.recommend import metrics
from services.recommend.outcomes.queue import AT_ONCE, Outcome, Outcomes

LOOK_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 30.0
CONNECT_SECONDS = 5

_WRITE = f"""
update {TABLE_EVENTS} as event set
    seen_at = case when outcome = '{pushes.SEEN}' then moment end,
    missed_at = case when outcome = '{pushes.MISSED}' then moment end
from (
    select i, to_timestamp(r / 1000.0), o, to_timestamp(a / 1000.0)
    from unnest(%b::text[], %b::bigint[], %b::text[], %b::bigint[]) as given(i, r, o, a)
) as given(id, raised, outcome, moment)
where event.event_id = given.id and event.raised_at = given.raised and event.raised_at >= %b and event.raised_at <= %b
    and event.seen_at is null and event.missed_at is null
returning outcome"""
"""The bounds on raised_at, being parameters, let the planner leave out all other partitions."""

log = logs.get(__name__)


class Ledger:
    """Carries outcomes from Redis to the store at `url`."""

    def __init__(self, outcomes: Outcomes, url: str) -> None:
        self._outcomes = outcomes
        self._url = url

    async def run(self) -> None:
        """Carries until cancelled."""
        pause = LOOK_SECONDS
        while True:
            try:
                more = await self.carry(time.time())
                pause = LOOK_SECONDS
            except (RedisError, psycopg.Error, OSError) as error:
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                log.warning("outcomes_wait", error=str(error).strip(), retry_seconds=pause, then="nothing is lost")
                more = False
            if not more:
                await asyncio.sleep(pause)

    async def carry(self, now: float) -> bool:
        """Closes what expired and writes what is unwritten, some of it; whether there may be more."""
        due = await self._outcomes.miss_expired(now)
        outcomes = await self._outcomes.unwritten()
        if outcomes:
            async with await AsyncConnection.connect(self._url, connect_timeout=CONNECT_SECONDS) as connection:
                new = await write(connection, outcomes)
            await self._outcomes.written(outcomes)
            for outcome in new:
                metrics.outcomes.labels(outcome).inc()
            if len(new) < len(outcomes):
                log.info("outcomes_known_or_without_event", count=len(outcomes) - len(new))
        return AT_ONCE in (due, len(outcomes))


async def write(connection: AsyncConnection[Any], outcomes: Sequence[Outcome]) -> list[str]:
    """Records outcomes of events that have none yet; gives those of the rows it changed."""
    query, columns = statement(outcomes)
    return [row[0] for row in await (await connection.execute(query, columns)).fetchall()]


def statement(outcomes: Sequence[Outcome]) -> tuple[bytes, list[Any]]:
    """The statement that records outcomes, at least one, and what goes into it."""
    raised = [outcome.raised for outcome in outcomes]
    columns = [
        [outcome.event_id for outcome in outcomes],
        raised,
        [outcome.outcome for outcome in outcomes],
        [outcome.at for outcome in outcomes],
        *(datetime.fromtimestamp(end / 1000, UTC) for end in (min(raised), max(raised))),
    ]
    return _WRITE.encode(), columns
