"""Payers: who a subscription is of, under a name that says nothing about the person.

Providers know a payer's id only. It is the person's for as long as their account is; then the row loses the person,
and what the books and the providers say of the payer leads to nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from contracts.entitlement_events import Entitlement, EntitlementEvent, encode
from contracts.platform import TOPIC_ENTITLEMENT_EVENTS
from services.kit import outbox
from services.kit.database import Connection
from services.kit.problems import Problem
from services.kit.tokens import Principal

_COLUMNS = "id, user_id as user, stripe_customer, entitled"
_FIND = f"select {_COLUMNS} from payers where user_id = %s"
_MAKE = "insert into payers (user_id) values (%s) on conflict (user_id) do nothing"
_HOLD = f"select {_COLUMNS} from payers where id = %s for update"
_OF_CUSTOMER = "select id from payers where stripe_customer = %s"
_NAME_CUSTOMER = "update payers set stripe_customer = %s where id = %s and stripe_customer is distinct from %s"
_ENTITLED = "update payers set entitled = %s, version = version + 1 where id = %s returning version"
_ENDED = "select until from deletions where person = %s"


@dataclass(frozen=True)
class Payer:
    """`user` is None once the account has ended. `entitled` is what the last event says: Unix ms by entitlement."""

    id: UUID
    user: str | None
    stripe_customer: str | None
    entitled: Mapping[str, int]


async def find(connection: Connection, who: Principal) -> Payer | None:
    """The caller as a payer, None if they never were one; Problem 410 for a token from before the end of an account."""
    ended = await (await connection.execute(_ENDED, (digest(who.user),))).fetchone()
    if ended is not None and who.expires <= ended[0].timestamp():
        raise Problem(410, "this account was deleted; sign in again to begin a new one")
    return await _one(connection, _FIND, who.user)


async def find_or_make(connection: Connection, who: Principal) -> Payer:
    """As `find`, and the caller becomes a payer."""
    found = await find(connection, who)
    if found is None:
        await connection.execute(_MAKE, (who.user,))
        found = await find(connection, who)
    assert found is not None
    return found


async def hold(connection: Connection, payer: UUID) -> Payer | None:
    """The payer, their row held by this transaction: their changes come one after the other, as do their events."""
    return await _one(connection, _HOLD, payer)


async def of_customer(connection: Connection, customer: str) -> UUID | None:
    """The payer whom Stripe calls `customer`."""
    row = await (await connection.execute(_OF_CUSTOMER, (customer,))).fetchone()
    return row[0] if row else None


async def name_customer(connection: Connection, payer: UUID, customer: str) -> None:
    await connection.execute(_NAME_CUSTOMER, (customer, payer, customer))


async def entitle(connection: Connection, payer: Payer, entitled: Mapping[str, datetime], now: datetime) -> bool:
    """Tells others what the payer has now, unless it is what they were told last. The transaction holds the row."""
    wanted = {name: milliseconds(until) for name, until in sorted(entitled.items())}
    if payer.user is None or wanted == payer.entitled:
        return False
    row = await (await connection.execute(_ENTITLED, (Jsonb(wanted), payer.id))).fetchone()
    assert row is not None
    event = EntitlementEvent(
        str(uuid4()),
        payer.user,
        row[0],
        milliseconds(now),
        tuple(Entitlement(name, until) for name, until in wanted.items()),
    )
    await outbox.put(connection, event.id, TOPIC_ENTITLEMENT_EVENTS, payer.user, encode(event))
    return True


def digest(user: str) -> bytes:
    """What is kept of whose account it was."""
    return hashlib.sha256(user.encode()).digest()


def milliseconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() * 1000)


async def _one(connection: Connection, query: str, parameter: object) -> Payer | None:
    async with connection.cursor(row_factory=class_row(Payer)) as cursor:
        await cursor.execute(query.encode(), (parameter,))
        return await cursor.fetchone()
