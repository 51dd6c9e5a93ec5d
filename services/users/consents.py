"""Consents: every decision is kept, the latest one of a purpose counts."""

from __future__ import annotations

from psycopg.rows import class_row

from services.kit.database import Connection
from services.users.schemas import Consent, Decision, Purpose

_DECIDE = """
insert into consents (user_id, purpose, granted, policy) values (%s, %s, %s, %s)
returning purpose, granted, policy, at"""
_LATEST = """
select distinct on (purpose) purpose, granted, policy, at from consents
where user_id = %s order by purpose, id desc"""


async def decide(connection: Connection, user: str, purpose: Purpose, decision: Decision) -> Consent:
    async with connection.cursor(row_factory=class_row(Consent)) as cursor:
        await cursor.execute(_DECIDE, (user, purpose, decision.granted, decision.policy))
        found = await cursor.fetchone()
        assert found is not None
        return found


async def latest(connection: Connection, user: str) -> list[Consent]:
    """The decisions that count; none on a purpose means no consent."""
    async with connection.cursor(row_factory=class_row(Consent)) as cursor:
        await cursor.execute(_LATEST, (user,))
        return await cursor.fetchall()
