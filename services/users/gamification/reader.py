"""Applies the events of people to their rewards."""

from __future__ import annotations

from contracts.user_events import read
from services.kit.rejected import of_record
from services.users.gamification.ledger import reward
from services.users.people import People

GROUP = "users-rewards"


class EventReader:
    def __init__(self, people: People) -> None:
        self._people = people

    async def handle(self, value: bytes) -> None:
        """Applies the event of a record once; raises DecodeError if it can never be applied."""
        event = read(value)
        with of_record("not an event of a person"):
            async with self._people.pool.connection() as connection:
                applied = await reward(connection, event)
        if applied:
            await self._people.mirror.refresh(event.user)
