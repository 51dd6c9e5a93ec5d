"""What a service has of a person, given to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.kit.database import Connection

Exported = dict[str, list[dict[str, Any]]]
"""Rows by table, as the database writes them in JSON: moments as ISO 8601, numbers in the units of their columns."""


async def rows(connection: Connection, queries: Mapping[str, str], person: object) -> Exported:
    """What each query finds of `person`, its only parameter; it has one column, of JSON."""
    return {
        table: [row[0] for row in await (await connection.execute(query.encode(), {"person": person})).fetchall()]
        for table, query in queries.items()
    }
