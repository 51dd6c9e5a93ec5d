"""Erases a person's measures and events when their account has ended (contracts/user_events.py)."""

from __future__ import annotations

from datetime import UTC, datetime

from psycopg_pool import AsyncConnectionPool

from contracts.timeseries import TIME_COLUMN
from contracts.user_events import Kind, read
from services.kit import logs
from services.kit.database import Connection
from services.kit.rejected import of_record

GROUP = "history-erasure"

log = logs.get(__name__)


class Eraser:
    """Of what the time-series store of `pool` has."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool

    async def handle(self, value: bytes) -> None:
        """Deletes, in one transaction, the rows of moments before the end that a record tells of; what came later is of
        a person who came back. Again, there is nothing left. Raises DecodeError for what is no event."""
        event = read(value)
        if event.kind != Kind.ACCOUNT_DELETED:
            return
        erased: dict[str, int] = {}
        with of_record("not the end of an account"):
            until = datetime.fromtimestamp(event.until / 1000, UTC)
            async with self._pool.connection() as connection:
                for table, moment in TIME_COLUMN.items():
                    statement = f"delete from {table} where user_id = %s and {moment} < %s"
                    erased[table] = (await connection.execute(statement.encode(), (event.user, until))).rowcount
        log.info("person_erased", event_id=event.id, rows=erased)
