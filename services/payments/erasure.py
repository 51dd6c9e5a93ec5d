"""Erases a payer's person when their account has ended (contracts/user_events.py).

The books and the subscriptions keep the payer, who is nobody any more. What Stripe has of the person goes first, and
with it whatever would still be charged; while Stripe does not answer, the event waits, and everything is intact.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from contracts.platform import TOPIC_ENTITLEMENT_EVENTS
from contracts.user_events import Kind, read
from services.kit import logs, outbox
from services.kit.database import Connection, Pool
from services.kit.outbox import Relay
from services.kit.rejected import of_record
from services.payments.payers import digest
from services.payments.providers.report import EPOCH
from services.payments.providers.stripe.api import Stripe

GROUP = "payments-erasure"

_REMEMBER = """
insert into deletions (person, until) values (%s, %s)
on conflict (person) do update set until = greatest(deletions.until, excluded.until)"""
_HOLD = "select id, stripe_customer from payers where user_id = %s and created_at < %s for update"
_LOSE = "update payers set user_id = null, stripe_customer = null, entitled = '{}' where id = %s"
_INVOICES = "delete from invoices where payer = %s"
_KEYS = "delete from idempotency_keys where user_id = %s and created_at < %s"
log = logs.get(__name__)


class Eraser:
    def __init__(self, pool: Pool, stripe: Stripe, relay: Relay) -> None:
        self._pool, self._stripe, self._relay = pool, stripe, relay

    async def handle(self, value: bytes) -> None:
        """Erases what is of before the end that a record tells of. Again, there is nothing left.

        Raises DecodeError for what is no event, ProviderUnavailable while Stripe does not answer.
        """
        event = read(value)
        if event.kind != Kind.ACCOUNT_DELETED:
            return
        with of_record("not the end of an account"):
            until = EPOCH + timedelta(milliseconds=event.until)
            async with self._pool.connection() as connection:
                await connection.execute(_REMEMBER, (digest(event.user), until))
                await connection.execute(_KEYS, (event.user, until))
                await self._lose(connection, event.user, until)
        self._relay.wake()

    async def _lose(self, connection: Connection, user: str, until: datetime) -> None:
        row = await (await connection.execute(_HOLD, (user, until))).fetchone()
        if row is None:
            return
        payer, customer = row
        if customer is not None:
            await self._stripe.forget(customer)
        await connection.execute(_INVOICES, (payer,))
        await connection.execute(_LOSE, (payer,))
        await outbox.put(connection, uuid4(), TOPIC_ENTITLEMENT_EVENTS, user, outbox.TOMBSTONE)
        log.info("payer_lost_its_person", payer=str(payer))
