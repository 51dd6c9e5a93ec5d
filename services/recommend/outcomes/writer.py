"""Writes outcomes of pushes to the events' table of the store.

Every Pod does this. An outcome leaves Redis only when it is committed in the store and Kafka knows, and writing one
again is idempotent, so a killed Pod, or two Pods with the same outcome, lose and duplicate nothing. While the store,
Kafka or Redis is unavailable, outcomes wait and events are still answered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
from aiokafka.errors import KafkaError
from psycopg import AsyncConnection
from redis.exceptions import RedisError

from contracts import pushes
from contracts.platform import TABLE_EVENTS
from contracts.rejection import write_all_async
from services.kit import logs
from services.recommend import metrics
from services.recommend.outcomes.queue import BATCH_SIZE, Outcome, OutcomeQueue

POLL_SECONDS = 2.0
MAX_BACKOFF_SECONDS = 30.0
CONNECT_TIMEOUT_SECONDS = 5

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
"""The bounds on raised_at are parameters, so that the planner prunes all other partitions."""

log = logs.get(__name__)


class OutcomeWriter:
    """Moves outcomes from the queue to the store at `url`; `publish` tells others before they leave the queue."""

    def __init__(self, queue: OutcomeQueue, url: str, publish: Callable[[Sequence[Outcome]], Awaitable[None]]) -> None:
        self._queue = queue
        self._url = url
        self._publish = publish

    async def run(self) -> None:
        """Runs until cancelled."""
        backoff = POLL_SECONDS
        while True:
            try:
                more = await self.run_once(time.time())
                backoff = POLL_SECONDS
            except (RedisError, KafkaError, psycopg.Error, OSError) as error:
                backoff = min(2 * backoff, MAX_BACKOFF_SECONDS)
                log.warning(
                    "outcomes_delayed", error=str(error).strip(), retry_seconds=backoff, hint="they stay in Redis"
                )
                more = False
            if not more:
                await asyncio.sleep(backoff)

    async def run_once(self, now: float) -> bool:
        """Marks missed pushes and writes one batch of outcomes; returns whether there may be more."""
        due = await self._queue.mark_missed(now)
        outcomes = await self._queue.pending()
        if outcomes:
            async with await AsyncConnection.connect(self._url, connect_timeout=CONNECT_TIMEOUT_SECONDS) as connection:
                new, refused = await write_all(connection, outcomes)
            unfit = {outcome.entry_id for outcome, _ in refused}
            await self._publish([outcome for outcome in outcomes if outcome.entry_id not in unfit])
            await self._queue.acknowledge(outcomes)
            for outcome in new:
                metrics.outcomes.labels(outcome).inc()
            for outcome, error in refused:
                metrics.refused_outcomes.inc()
                log.error("outcome_refused", event_id=ascii(outcome.event_id), error=str(error), action="it is dropped")
            if skipped := len(outcomes) - len(new) - len(refused):
                log.info("outcomes_skipped", count=skipped, reason="recorded already or no such event")
        return BATCH_SIZE in (due, len(outcomes))


async def write(connection: AsyncConnection[Any], outcomes: Sequence[Outcome]) -> list[str]:
    """Records outcomes of events that have none yet; returns the outcomes of the updated rows."""
    query, columns = statement(outcomes)
    return [row[0] for row in await (await connection.execute(query, columns)).fetchall()]


async def write_all(
    connection: AsyncConnection[Any], outcomes: Sequence[Outcome]
) -> tuple[list[str], list[tuple[Outcome, Exception]]]:
    """As `write`, and what the store can never hold, with the errors: it is left out, and the rest is recorded."""
    written: list[str] = []

    async def write_part(part: Mapping[int, Outcome]) -> None:
        async with connection.transaction():
            found = await write(connection, list(part.values()))
        written.extend(found)

    refused = await write_all_async(dict(enumerate(outcomes)), write_part)
    return written, [(outcomes[index], error) for index, error in refused.items()]


def statement(outcomes: Sequence[Outcome]) -> tuple[bytes, list[Any]]:
    """The statement that records outcomes, at least one, and its parameters."""
    raised = [outcome.raised for outcome in outcomes]
    columns = [
        [outcome.event_id for outcome in outcomes],
        raised,
        [outcome.outcome for outcome in outcomes],
        [outcome.at for outcome in outcomes],
        *(datetime.fromtimestamp(end / 1000, UTC) for end in (min(raised), max(raised))),
    ]
    return _WRITE.encode(), columns
