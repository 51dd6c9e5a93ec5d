"""Stripe's events: verified, recorded once, and what they make of a subscription, its entitlement and the books."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest

from services.payments.providers.stripe.signature import TOLERANCE_SECONDS
from services.payments.subscriptions import GRACE
from tests.payments.conftest import Service
from tests.payments.stripe_events import DAY, NOW, event, invoice, moment, send, signed, subscription

pytestmark = pytest.mark.integration


def test_a_paid_subscription_entitles_and_stands_in_the_books(service: Service) -> None:
    ada, payer = service.client("ada"), service.payer("ada")
    revenue = service.balance("revenue")
    assert ada.get("/subscription").json()["subscription"] is None
    assert ada.get("/entitlements").json() == {"entitlements": []}
    service.stripe.fees["txn_ada"] = (59, "usd")
    for told in (
        event("customer.subscription.created", subscription(payer, "incomplete"), created=NOW - 2),
        event("customer.subscription.updated", subscription(payer), created=NOW - 1),
        event("invoice.paid", invoice(payer, "in_ada")),
        event("charge.succeeded", {"id": "ch_1", "customer": f"cus_{payer}", "balance_transaction": "txn_ada"}),
    ):
        assert send(service, told).json() == {"recorded": True}
    found = ada.get("/subscription").json()["subscription"]
    assert (found["plan"], found["state"], found["renews"]) == ("premium-monthly", "active", True)
    (held,) = ada.get("/entitlements").json()["entitlements"]
    assert held["name"] == "premium"
    (paid,) = ada.get("/invoices").json()["invoices"]
    assert (paid["id"], paid["amount"], paid["currency"], paid["status"]) == ("in_ada", 999, "usd", "paid")
    assert service.balance("revenue") == revenue - 999
    query = (
        "select account, amount from ledger_postings join ledger_transactions on id = transaction_id where source = %s"
    )
    assert sorted(service.query(query, "stripe:txn_ada:fee")) == [("fees", 59), ("provider:stripe", -59)]


def test_time_alone_ends_what_nobody_renews(service: Service) -> None:
    eve, payer, period_end = service.client("eve-time"), service.payer("eve-time"), NOW + DAY
    send(service, event("customer.subscription.created", subscription(payer, period_end=period_end))).raise_for_status()
    for after, state, entitled in (
        (timedelta(seconds=-1), "active", True),
        (timedelta(), "past_due", True),
        (GRACE - timedelta(seconds=1), "past_due", True),
        (GRACE, "expired", False),
    ):
        service.clock = moment(period_end) + after
        assert eve.get("/subscription").json()["subscription"]["state"] == state
        assert bool(eve.get("/entitlements").json()["entitlements"]) is entitled


def test_what_stripe_did_not_sign_lately_is_refused_and_nothing_recorded(service: Service) -> None:
    told = event("customer.subscription.created", subscription(service.payer("mallory")))
    payload = json.dumps(told)
    old = int(time.time()) - TOLERANCE_SECONDS - 5
    for headers in (
        {},
        {"Stripe-Signature": "t=1,v1=00"},
        {"Stripe-Signature": "nonsense"},
        signed(payload, secret="whsec_another"),
        signed(payload, at=old),
        signed(payload + " "),
    ):
        answer = service.anonymous().post("/webhooks/stripe", content=payload, headers=headers)
        assert (answer.status_code, answer.json()["detail"].endswith("nothing was recorded")) == (400, True)
    binary = service.anonymous().post("/webhooks/stripe", content=b"\xff", headers={"Stripe-Signature": "t=1,v1=0"})
    assert binary.status_code == 400
    large = service.anonymous().post("/webhooks/stripe", content=b"x" * (2 << 20))
    assert large.status_code == 413
    assert service.query("select * from provider_events where id = %s", told["id"]) == []
    assert service.anonymous().post("/webhooks/stripe", content=payload, headers=signed(payload)).status_code == 200


def test_a_replayed_event_is_recorded_once(service: Service) -> None:
    payer = service.payer("rae")
    told = event("invoice.paid", invoice(payer, "in_rae"))
    before = service.balance("revenue")
    assert [send(service, told).json()["recorded"] for _ in range(3)] == [True, False, False]
    again = event("invoice.paid", invoice(payer, "in_rae"))
    assert send(service, again).json()["recorded"], "another event, which tells of the same invoice"
    assert service.balance("revenue") == before - 999


def test_an_event_is_retried_while_stripe_does_not_return_its_fee(service: Service) -> None:
    told = event("charge.succeeded", {"id": "ch_2", "customer": None, "balance_transaction": "txn_away"})
    service.stripe.away = True
    answer = send(service, told)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    service.stripe.away = False
    service.stripe.fees["txn_away"] = (10, "eur")
    assert send(service, told).json() == {"recorded": True}
    assert service.query("select count(*) from ledger_transactions where source = 'stripe:txn_away:fee'") == [(1,)]


def test_events_of_nobody_and_of_other_kinds_are_acknowledged(service: Service) -> None:
    by_hand = {**subscription("nobody"), "metadata": {}}
    for told in (
        event("customer.subscription.created", by_hand),
        event("customer.created", {"id": "cus_x"}),
        event("customer.subscription.created", subscription(service.payer("sold-out"), plan="of-another-product")),
    ):
        assert send(service, told).json() == {"recorded": True}


@pytest.mark.parametrize(
    "object", [{}, {"id": 1}, {**subscription("x"), "metadata": {"payer": "x", "plan": "premium-monthly"}}]
)
def test_an_object_of_another_shape_is_refused(service: Service, object: dict[str, object]) -> None:
    answer = send(service, event("customer.subscription.updated", object))
    assert answer.status_code == 400


def test_a_failed_payment_leaves_days_of_grace_and_not_the_unpaid_period(service: Service) -> None:
    flo, payer = service.client("flo"), service.payer("flo")
    for told in (
        event("customer.subscription.updated", subscription(payer, period_end=NOW + 30 * DAY), created=NOW),
        event(
            "customer.subscription.updated",
            subscription(payer, "past_due", period_end=NOW + 30 * DAY),
            created=NOW + 60,
        ),
    ):
        send(service, told).raise_for_status()
    service.clock = moment(NOW + 60) + GRACE - timedelta(seconds=1)
    assert flo.get("/subscription").json()["subscription"]["state"] == "past_due"
    service.clock += timedelta(seconds=1)
    assert flo.get("/subscription").json()["subscription"]["state"] == "expired"
