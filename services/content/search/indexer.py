"""Keeps the index equal to the database: each event of an item writes the item's row as it is then.

An event only says that an item changed. Its row has the version by which OpenSearch refuses what is older, so events
may be late, repeated or out of order.
"""

from __future__ import annotations

from msgspec import DecodeError

from contracts.content_events import read
from services.content import items
from services.content.search.engine import TARGETS, Engine
from services.content.search.mapping import document
from services.kit.database import Pool
from services.kit.rejected import of_record

GROUP = "content-search"


class Indexer:
    def __init__(self, pool: Pool, engine: Engine) -> None:
        self._pool = pool
        self._engine = engine

    async def handle(self, value: bytes) -> None:
        """Writes the item of an event; raises SearchUnavailable and what the database does, and DecodeError if it can
        never be written: the index then keeps the version before, if it has one.
        """
        event = read(value)
        targets: list[str] | None = None
        while targets != (found := await self._engine.indexes(TARGETS)):  # one may have been added meanwhile
            targets = found
            with of_record("not an item that can be indexed"):
                async with self._pool.connection() as connection:
                    item = await items.get(connection, event.item)
            if item is not None:
                refused = await self._engine.write(targets, {(item.id, item.version): document(item)})
                if reason := refused.get(item.id):
                    raise DecodeError(f"OpenSearch does not take the item: {reason}")
