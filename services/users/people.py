"""A person's rows: one change at a time, each with a version, and none after the end of their account."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.tokens import LIFETIME_SECONDS
from services.kit.database import Connection, Pool
from services.kit.outbox import Relay
from services.kit.problems import Problem
from services.kit.tokens import Principal
from services.users.mirror import Mirror

_CHANGE = """
insert into people (user_id) values (%s)
on conflict (user_id) do update set version = nextval('versions') returning version"""
"""Holds the person's row until the end of the transaction: changes of one person come one after the other, and so do
the ids of their events in the outbox."""
_STALE = """
insert into stale (user_id, version) values (%s, %s)
on conflict (user_id) do update set version = excluded.version"""
_DELETED = "select at from deletions where person = %s"


@dataclass(frozen=True)
class People:
    """The database of people, with what carries its changes on: to Redis and to Kafka."""

    pool: Pool
    mirror: Mirror
    relay: Relay

    @contextlib.asynccontextmanager
    async def change(self, who: Principal) -> AsyncIterator[Connection]:
        """A transaction that changes a person; once it is committed, Redis and Kafka are told.

        Raises Problem 410 for a token from before the end of the account.
        """
        async with self.pool.connection() as connection:
            await begin_change(connection, who.user)
            await refuse_deleted(connection, who)
            yield connection
        await self.mirror.refresh(who.user)
        self.relay.wake()


async def begin_change(connection: Connection, user: str) -> None:
    """Makes the person's row or takes it for this transaction, and notes that Redis is behind."""
    row = await (await connection.execute(_CHANGE, (user,))).fetchone()
    assert row is not None
    await connection.execute(_STALE, (user, row[0]))


async def deleted_at(connection: Connection, user: str) -> datetime | None:
    """When the account of this name ended last."""
    row = await (await connection.execute(_DELETED, (digest(user),))).fetchone()
    return row[0] if row else None


async def refuse_deleted(connection: Connection, who: Principal) -> None:
    """Raises Problem 410 if the account has ended since the token was issued: a later one is a new account's."""
    ended = await deleted_at(connection, who.user)
    if ended is not None and who.expires <= tokens_end(ended).timestamp():
        raise Problem(410, "this account was deleted; sign in again to begin a new one")


def tokens_end(ended: datetime) -> datetime:
    """When the last token that was issued before the end of an account has expired."""
    return ended + timedelta(seconds=LIFETIME_SECONDS)


def digest(user: str) -> bytes:
    """What is kept of whose account it was."""
    return hashlib.sha256(user.encode()).digest()
