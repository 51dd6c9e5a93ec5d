"""Everything that this service has of a payer, for the person that it is."""

from __future__ import annotations

from services.kit.database import Connection
from services.kit.export import Exported, rows
from services.payments.payers import Payer

EXPORTED = {
    "payers": "select to_jsonb(t) from payers as t where id = %(person)s",
    "subscription_events": "select to_jsonb(t) - 'payer' from subscription_events as t where payer = %(person)s"
    " order by at",
    "invoices": "select to_jsonb(t) - 'payer' from invoices as t where payer = %(person)s order by created_at",
    "ledger_transactions": "select to_jsonb(t) - 'payer' - 'entered_by' || jsonb_build_object('postings',"
    " (select jsonb_agg(to_jsonb(p) - 'transaction_id' order by line) from ledger_postings as p"
    " where p.transaction_id = t.id)) from ledger_transactions as t where payer = %(person)s order by id",
}


async def of_payer(connection: Connection, payer: Payer | None) -> Exported:
    """By table; no rows of somebody who never was a payer."""
    return await rows(connection, EXPORTED, payer and payer.id)
