"""What Stripe's events tell, in whatever order they are delivered."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.ledger.entries import Kind
from services.payments.providers.report import InvoiceStatus, Refused, Report
from services.payments.providers.stripe.events import report
from services.payments.subscriptions import Change, State, Subscription, fold
from tests.payments.stripe_events import DAY, NOW, event, invoice, subscription
from tests.payments.test_entries import balances

PAYER = "6b0ae7f6-39dd-4f2f-a36d-1a4b7d2f31c4"


def told(kind: str, object: dict[str, Any], **more: Any) -> Report:
    return report(json.dumps(event(kind, object, **more)).encode())


LIFE = [
    event("customer.subscription.created", subscription(PAYER, "incomplete"), created=NOW),
    event("customer.subscription.updated", subscription(PAYER, "trialing", period_end=NOW + 7 * DAY), created=NOW),
    event("customer.subscription.updated", subscription(PAYER), created=NOW + 7 * DAY),
    event("invoice.payment_failed", invoice(PAYER, "in_1", status="open"), created=NOW + 7 * DAY),
    event("invoice.paid", invoice(PAYER, "in_1"), created=NOW + 7 * DAY),
    event("customer.subscription.updated", subscription(PAYER, "past_due"), created=NOW + 37 * DAY),
    event(
        "customer.subscription.updated",
        subscription(PAYER, cancel_at_period_end=True, period_end=NOW + 60 * DAY),
        created=NOW + 38 * DAY,
    ),
    event("refund.created", {"id": "re_1", "amount": 999, "currency": "usd", "status": "succeeded"}),
    event("refund.failed", {"id": "re_1", "amount": 999, "currency": "usd", "status": "failed"}),
]


def outcome(events: list[dict[str, Any]]) -> tuple[Subscription | None, dict[tuple[str, str], int]]:
    """The subscription and the books after these events; an entry is made once for its source."""
    reports = [report(json.dumps(one).encode()) for one in events]
    entries = {entry.source: entry for one in reports for entry in one.entries}
    return fold(one.event for one in reports if one.event is not None), balances(entries.values())


@given(st.permutations(LIFE), st.lists(st.sampled_from(LIFE), max_size=5))
def test_events_that_are_replayed_and_out_of_order_lead_to_the_same(
    delivered: list[dict[str, Any]], replayed: list[dict[str, Any]]
) -> None:
    found, books = outcome([*delivered, *replayed])
    assert (found, books) == outcome(LIFE)
    assert found is not None
    assert (found.state, found.failing_since) == (State.CANCELED, None)
    assert books == {("provider:stripe", "usd"): 999, ("revenue", "usd"): -999}


@pytest.mark.parametrize(
    ("kind", "status", "more", "change"),
    [
        ("created", "trialing", {}, Change.STARTED),
        ("created", "active", {}, Change.STARTED),
        ("created", "incomplete", {}, None),
        ("updated", "active", {}, Change.RENEWED),
        ("updated", "active", {"cancel_at_period_end": True}, Change.CANCELED),
        ("updated", "trialing", {"cancel_at_period_end": True}, Change.CANCELED),
        ("updated", "past_due", {"cancel_at_period_end": True}, Change.PAYMENT_FAILED),
        ("updated", "unpaid", {}, Change.PAYMENT_FAILED),
        ("updated", "incomplete_expired", {}, Change.ENDED),
        ("updated", "paused", {}, None),
        ("updated", "a status to come", {}, None),
        ("deleted", "canceled", {}, Change.ENDED),
    ],
)
def test_what_the_status_of_a_subscription_means(
    kind: str, status: str, more: dict[str, Any], change: Change | None
) -> None:
    found = told(f"customer.subscription.{kind}", subscription(PAYER, status, **more))
    assert (found.event and found.event.change) == change
    assert found.payer == UUID(PAYER)


@pytest.mark.parametrize(
    ("more", "entries"),
    [
        ({}, {("provider:stripe", "usd"): 999, ("revenue", "usd"): -999}),
        (
            {"starting_balance": -400, "ending_balance": 0, "amount_paid": 599},
            {("provider:stripe", "usd"): 599, ("credits", "usd"): 400, ("revenue", "usd"): -999},
        ),
        (
            {"starting_balance": 0, "ending_balance": -400, "amount_paid": 0, "total": -400},
            {("credits", "usd"): -400, ("revenue", "usd"): 400},
        ),
        ({"amount_paid": 0, "total": 0, "ending_balance": None}, {}),
    ],
)
def test_what_a_paid_invoice_enters(more: dict[str, Any], entries: dict[tuple[str, str], int]) -> None:
    found = told("invoice.paid", invoice(PAYER, "in_1", **more))
    assert balances(found.entries) == entries
    assert (found.invoice and found.invoice.status) == InvoiceStatus.PAID


def test_a_refund_counts_once_it_has_succeeded() -> None:
    def kinds(status: str) -> list[Kind]:
        object = {"id": "re_1", "amount": 5, "currency": "usd", "status": status}
        return [entry.kind for entry in told("refund.updated", object).entries]

    assert kinds("pending") == kinds("requires_action") == kinds("canceled") == []
    assert kinds("succeeded") == [Kind.REFUND]
    assert kinds("failed") == [Kind.REFUND, Kind.REFUND_FAILED]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        json.dumps(event("x", {}, created=1 << 60)).encode(),
        json.dumps(event("invoice.paid", invoice(PAYER, "in", -1))).encode(),
        json.dumps(event("invoice.paid", invoice(PAYER, "in", currency="USD"))).encode(),
        json.dumps(event("invoice.paid", invoice(PAYER, "in", status="lost"))).encode(),
        json.dumps(event("customer.subscription.updated", subscription("nobody's"))).encode(),
    ],
)
def test_what_has_another_shape_is_refused(payload: bytes) -> None:
    with pytest.raises(Refused):
        report(payload)
