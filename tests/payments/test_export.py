"""A person gets what the service has of them, and of nobody else."""

from __future__ import annotations

import pytest

from services.payments.export import EXPORTED
from tests.payments.conftest import Service
from tests.payments.stripe_events import event, invoice, send, subscription

pytestmark = pytest.mark.integration
OF_A_PAYER = "select table_name from information_schema.columns where column_name in ('payer', 'user_id')"


def test_every_table_with_rows_of_a_payer_is_exported(service: Service) -> None:
    assert EXPORTED.keys() == {row[0] for row in service.query(OF_A_PAYER)} - {"idempotency_keys"}


def test_an_export_has_subscriptions_invoices_and_entries_of_the_person(service: Service) -> None:
    for user in ("export", "export-other"):
        payer = service.payer(user)
        send(service, event("customer.subscription.created", subscription(payer))).raise_for_status()
        send(service, event("invoice.paid", invoice(payer, f"in_{user}"))).raise_for_status()
    exported = service.client("export").get("/export").raise_for_status().json()
    assert {table: len(rows) for table, rows in exported.items()} == dict.fromkeys(EXPORTED, 1)
    postings = exported["ledger_transactions"][0]["postings"]
    assert sorted(posting["amount"] for posting in postings) == [-999, 999]
    assert "export-other" not in str(exported)


def test_of_somebody_who_never_was_a_payer_there_are_no_rows(service: Service) -> None:
    assert service.client("export-nobody").get("/export").json() == {table: [] for table in EXPORTED}
