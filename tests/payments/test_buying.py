"""Checkout and cancellation at Stripe: what is asked of it, once each, and what is said while it is away."""

from __future__ import annotations

import time

import pytest

from services.auth.tokens import issue
from services.kit.idempotency import REPLAYED
from services.payments.plans import PLANS
from tests.kit.odd_requests import assert_answered
from tests.payments.conftest import BACK, Service
from tests.payments.stripe_events import NOW, event, send, subscription

pytestmark = pytest.mark.integration
MONTHLY = PLANS[0]


def test_a_checkout_names_the_payer_the_plan_and_its_price(service: Service) -> None:
    client, payer = service.client("buyer"), service.payer("buyer")
    page = client.post("/checkout", json={"plan": MONTHLY.id})
    assert page.status_code == 201
    assert page.json()["url"].startswith("https://checkout.stripe.com/")
    form = service.stripe.calls[-1].form
    assert form["mode"] == "subscription"
    assert form["line_items[0][price_data][unit_amount]"] == str(MONTHLY.price.amount)
    assert form["line_items[0][price_data][currency]"] == MONTHLY.price.currency
    assert form["line_items[0][price_data][recurring][interval]"] == MONTHLY.interval
    assert form["subscription_data[metadata][payer]"] == form["client_reference_id"] == payer
    assert form["subscription_data[metadata][plan]"] == MONTHLY.id
    assert form["subscription_data[trial_period_days]"] == str(MONTHLY.trial_days)
    assert form["success_url"] == f"{BACK}?checkout=done"
    assert "buyer" not in str(form)


def test_a_checkout_that_is_repeated_is_one(service: Service) -> None:
    client, headers = service.client("twice"), {"Idempotency-Key": "1"}
    before = len(service.stripe.calls)
    first, second = (client.post("/checkout", json={"plan": MONTHLY.id}, headers=headers) for _ in range(2))
    assert (first.content, second.headers[REPLAYED]) == (second.content, "true")
    assert len(service.stripe.calls) == before + 1
    assert client.post("/checkout", json={"plan": PLANS[1].id}, headers=headers).status_code == 422
    other = service.client("twice-other").post("/checkout", json={"plan": MONTHLY.id}, headers=headers)
    assert other.json() != first.json(), "the key of another person"


def test_while_stripe_is_away_nobody_is_charged_and_a_repeat_succeeds(service: Service) -> None:
    client, headers = service.client("patient"), {"Idempotency-Key": "1"}
    service.stripe.away = True
    answer = client.post("/checkout", json={"plan": MONTHLY.id}, headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "nothing was charged" in answer.json()["detail"]
    service.stripe.away = False
    assert client.post("/checkout", json={"plan": MONTHLY.id}, headers=headers).status_code == 201


def test_who_has_a_subscription_cancels_it_before_they_buy_another(service: Service) -> None:
    client, payer = service.client("loyal"), service.payer("loyal")
    assert client.post("/checkout", json={"plan": "free"}).status_code == 404
    assert client.post("/subscription/cancellation").status_code == 404
    started = event("customer.subscription.created", subscription(payer), created=NOW)
    send(service, started).raise_for_status()
    assert client.post("/checkout", json={"plan": MONTHLY.id}).status_code == 409
    for _ in range(2):
        canceled = client.post("/subscription/cancellation")
        assert (canceled.status_code, canceled.json()["ends_at"]) == (
            202,
            client.get("/subscription").json()["subscription"]["period_end"],
        )
        call = service.stripe.calls[-1]
        assert (call.path, call.form) == (f"/v1/subscriptions/sub_{payer}", {"cancel_at_period_end": "true"})
    assert client.get("/subscription").json()["subscription"]["renews"] is True, "until Stripe says so"
    told = subscription(payer, cancel_at_period_end=True)
    send(service, event("customer.subscription.updated", told, created=NOW + 1)).raise_for_status()
    found = client.get("/subscription").json()["subscription"]
    assert (found["state"], found["renews"]) == ("canceled", False)
    send(service, event("customer.subscription.deleted", subscription(payer, "canceled"), created=NOW + 2))
    assert client.post("/checkout", json={"plan": MONTHLY.id}).status_code == 201
    form = service.stripe.calls[-1].form
    assert form["customer"] == f"cus_{payer}"
    assert "subscription_data[trial_period_days]" not in form, "one trial a person"


def test_the_offer_is_the_table_of_plans(service: Service) -> None:
    offered = service.client("anybody").get("/plans").json()["plans"]
    assert [(one["id"], one["amount"], one["currency"]) for one in offered] == [
        (plan.id, plan.price.amount, plan.price.currency) for plan in PLANS if plan.offered
    ]


def test_no_odd_character_in_an_address_is_an_error_of_the_service(service: Service) -> None:
    token = issue("odd", [], service.key, time.time())
    assert_answered(service.app, service.address, token, least=2)
