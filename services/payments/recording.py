"""Records what a provider's event tells: all of it in one transaction, once however often it is delivered.

The transaction commits before the provider gets its answer: what was acknowledged is there, and what was not is sent
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.kit import logs
from services.kit.database import Connection
from services.payments import history, invoices, payers
from services.payments.entitlements import entitlements
from services.payments.ledger import store as ledger
from services.payments.ledger.entries import Entry
from services.payments.payers import Payer
from services.payments.providers.report import Report
from services.payments.subscriptions import Change

_RECEIVED = "insert into provider_events (provider, id) values (%s, %s) on conflict do nothing"
log = logs.get(__name__)


@dataclass(frozen=True)
class Recorded:
    """`first`: it was not recorded before. `orphan`: a customer of Stripe's pays for an account that has ended."""

    first: bool
    orphan: str | None = None


async def record(connection: Connection, report: Report, now: datetime, more: tuple[Entry, ...] = ()) -> Recorded:
    """Stores a report with `more` entries of the books.

    One of nobody that we know, such as of a subscription that was made by hand, makes entries of the books alone.
    """
    payer = await _payer(connection, report)
    orphan = report.customer if payer is not None and payer.user is None and _goes_on(report) else None
    if not (await connection.execute(_RECEIVED, (report.provider, report.id))).rowcount:
        return Recorded(first=False, orphan=orphan)
    await ledger.enter(connection, (*report.entries, *more), payer.id if payer else None, report.at)
    if payer is None:
        if report.event is not None:
            log.warning("nobodys_subscription", provider=report.provider, subscription=report.subscription)
        return Recorded(first=True)
    if report.customer is not None and payer.user is not None:
        await payers.name_customer(connection, payer.id, report.customer)
    if report.invoice is not None and payer.user is not None:
        await invoices.store(connection, payer.id, report.invoice, report.at)
    if report.event is not None:
        await history.store(connection, report.provider, report.subscription, payer.id, report.event)
        held = await history.subscriptions(connection, payer.id)
        await payers.entitle(connection, payer, entitlements(one.subscription for one in held), now)
    return Recorded(first=True, orphan=orphan)


def _goes_on(report: Report) -> bool:
    return report.event is not None and report.event.change is not Change.ENDED


async def _payer(connection: Connection, report: Report) -> Payer | None:
    """The payer of a report, held: by the name that we gave, or else by the one that Stripe did."""
    id = report.payer
    if id is None and report.customer is not None:
        id = await payers.of_customer(connection, report.customer)
    return await payers.hold(connection, id) if id is not None else None
