"""A person gets what the service has of them, and of nobody else."""

from __future__ import annotations

import pytest

from tests.payments.conftest import Service
from tests.payments.stripe_events import event, invoice, send, subscription

pytestmark = pytest.mark.integration


def test_an_export_has_subscriptions_invoices_and_entries_of_the_person(service: Service) -> None:
    for user in ("export", "export-other"):
        payer = service.payer(user)
        send(service, event("customer.subscription.created", subscription(payer))).raise_for_status()
        send(service, event("invoice.paid", invoice(payer, f"in_{user}"))).raise_for_status()
    exported = service.client("export").get("/export").raise_for_status().json()
    assert {table: len(rows) for table, rows in exported.items()} == {
        "payers": 1,
        "subscription_events": 1,
        "invoices": 1,
        "ledger_transactions": 1,
    }
    postings = exported["ledger_transactions"][0]["postings"]
    assert sorted(posting["amount"] for posting in postings) == [-999, 999]
    assert "export-other" not in str(exported)


def test_who_never_was_a_payer_has_nothing(service: Service) -> None:
    assert service.client("export-nobody").get("/export").json() == {}
