"""Erases an account when its person has ended it (contracts/user_events.py).

The audit log keeps its entries: they have ids of accounts and sessions, and nothing that a person is known by.
"""

from __future__ import annotations

from datetime import UTC, datetime

from contracts.user_events import Kind, read
from services.auth.audit import store as audit
from services.kit.database import Pool
from services.kit.rejected import of_record

GROUP = "auth-erasure"


class Eraser:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def handle(self, value: bytes) -> None:
        """Deletes the account with all that refers to it, and its roles, if it is of before the end that a record tells
        of. Again, there is nothing left. Raises DecodeError for what is no event."""
        event = read(value)
        if event.kind != Kind.ACCOUNT_DELETED:
            return
        with of_record("not the end of an account"):
            until = datetime.fromtimestamp(event.until / 1000, UTC)
            async with self._pool.connection() as connection:
                deleted = await connection.execute(
                    "delete from accounts where id = %s and created_at < %s", (event.user, until)
                )
                if deleted.rowcount:
                    await connection.execute("delete from subject_roles where subject = %s", (event.user,))
                    await audit.append(connection, event.user, "account.erased", event.user, event=event.id)
