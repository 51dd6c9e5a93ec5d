"""The books in PostgreSQL, which refuses what is not balanced and every change of what is there (migrations/)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.kit.database import Connection
from services.payments.ledger.entries import Entry

_BEGIN = """
insert into ledger_transactions (source, kind, payer, at) values (%s, %s, %s, %s)
on conflict (source) do nothing returning id"""
_POST = "insert into ledger_postings (transaction_id, line, account, currency, amount) values (%s, %s, %s, %s, %s)"


async def enter(connection: Connection, entries: Iterable[Entry], payer: UUID | None, at: datetime) -> None:
    """Enters what is not in the books yet; an entry without postings, such as of a free period, is none."""
    for entry in entries:
        if not entry.postings:
            continue
        row = await (await connection.execute(_BEGIN, (entry.source, entry.kind, payer, at))).fetchone()
        if row is None:
            continue
        for line, posting in enumerate(entry.postings, 1):
            money = posting.money
            await connection.execute(_POST, (row[0], line, posting.account, money.currency, money.amount))
