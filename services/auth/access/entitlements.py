"""What accounts have paid for, in PostgreSQL: further roles of their tokens, each until its end."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg.types.json import Jsonb

from services.auth.access.store import roles_of
from services.kit.database import Connection

_STORE = """
insert into entitlements (account_id, version, held) select id, %s, %s from accounts where id = %s
on conflict (account_id) do update set version = excluded.version, held = excluded.held
where entitlements.version <= excluded.version"""
_HELD = """
select name from entitlements, jsonb_each_text(held) as one (name, until)
where account_id = %s and until::bigint > %s and name not in (select name from roles)"""
"""A role that grants permissions is given by administrators alone, and bought by nobody."""


async def store(connection: Connection, account: str, version: int, held: Mapping[str, int]) -> None:
    """Replaces what an account has: entitlement -> its end, Unix ms. Nothing happens without such an account, or if a
    later version is there. Of one version the record that is read last holds: after the loss of a region another one
    may have its number."""
    await connection.execute(_STORE, (version, Jsonb(dict(held)), account))


async def roles_in_token(connection: Connection, account: str, now: float) -> list[str]:
    """What a token that is issued at `now` (Unix seconds) carries: the roles that were given, and those paid for."""
    paid = await (await connection.execute(_HELD, (account, int(now * 1000)))).fetchall()
    return sorted({*await roles_of(connection, account), *(name for (name,) in paid)})
