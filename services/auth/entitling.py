"""Keeps what accounts have paid for, as payments tells it (contracts/entitlement_events.py)."""

from __future__ import annotations

from msgspec import DecodeError

from contracts.entitlement_events import read
from services.auth.access import entitlements
from services.auth.access.permissions import ROLE
from services.kit.database import Pool
from services.kit.rejected import of_record

GROUP = "auth-entitlements"


class Keeper:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def handle(self, value: bytes) -> None:
        """Stores what a record says, unless a later one was read before; raises DecodeError for what is no event.

        A tombstone changes nothing: the end of an account has taken everything with it (erasure.py).
        """
        if not value:
            return
        event = read(value)
        held = {one.name: one.until for one in event.entitlements}
        if strange := [name for name in held if not ROLE.fullmatch(name)]:
            raise DecodeError(f"{strange[0]!a} is no name of a role")
        with of_record("not what an account has"):
            async with self._pool.connection() as connection:
                await entitlements.store(connection, event.user, event.version, held)
