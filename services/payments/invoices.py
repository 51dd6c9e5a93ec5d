"""Invoices as rows: the latest that Stripe said of each."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.kit.database import Connection
from services.payments.providers.report import Invoice, InvoiceStatus
from services.payments.schemas import PaidInvoice

_RANK = {status: rank for rank, status in enumerate(InvoiceStatus)}
_STORE = """
insert into invoices (id, payer, number, amount, currency, status, url, created_at, told_at, rank)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict (id) do update set number = excluded.number, amount = excluded.amount, currency = excluded.currency,
    status = excluded.status, url = excluded.url, told_at = excluded.told_at, rank = excluded.rank
where (invoices.told_at, invoices.rank) < (excluded.told_at, excluded.rank)"""
_PAGE = """
select id, number, amount, currency, status, url, created_at from invoices
where payer = %s and (created_at, id) < (%s, %s) order by created_at desc, id desc limit %s"""


async def store(connection: Connection, payer: UUID, invoice: Invoice, at: datetime) -> None:
    """What an event of `at` says, unless a later one was stored before; of two of one second the rank decides."""
    money = invoice.total
    said = (invoice.number, money.amount, money.currency, invoice.status, invoice.url, invoice.created_at)
    await connection.execute(_STORE, (invoice.id, payer, *said, at, _RANK[invoice.status]))


async def page(connection: Connection, payer: UUID, before: tuple[datetime, str], limit: int) -> list[PaidInvoice]:
    """The invoices before a moment and id, newest first."""
    rows = await (await connection.execute(_PAGE, (payer, *before, limit))).fetchall()
    return [
        PaidInvoice(id=id, number=number, amount=amount, currency=currency, status=status, url=url, created_at=created)
        for id, number, amount, currency, status, url, created in rows
    ]
