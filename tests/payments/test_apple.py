"""The App Store's notifications: verified by their chain of certificates, and what they make of a subscription."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import ECKey

from services.payments.providers.apple.verification import App, Verifier
from services.payments.providers.report import Refused
from services.payments.subscriptions import GRACE
from tests.payments.app_store import APP_ID, BUNDLE, AppStore
from tests.payments.conftest import Service, serving
from tests.payments.stripe_events import DAY, NOW, moment

pytestmark = pytest.mark.integration
MS = 1000


def send(service: Service, body: object) -> httpx.Response:
    return service.anonymous().post("/webhooks/apple", json=body)


def test_a_purchase_in_the_app_store_entitles_until_it_is_refunded(service: Service) -> None:
    ida, payer = service.client("ida"), service.payer("ida")
    store, before = service.app_store, service.balance("provider:apple")
    bought = store.notification("SUBSCRIBED", payer, subtype="INITIAL_BUY", at=NOW * MS)
    assert [send(service, bought).json()["recorded"] for _ in range(2)] == [True, False]
    found = ida.get("/subscription").json()["subscription"]
    assert (found["provider"], found["plan"], found["state"]) == ("apple", "premium-monthly", "active")
    assert service.balance("provider:apple") == before + 999
    assert ida.post("/subscription/cancellation").status_code == 409
    assert send(service, store.notification("REFUND", payer, at=(NOW + 1) * MS)).status_code == 200
    assert ida.get("/subscription").json()["subscription"]["state"] == "expired"
    assert service.balance("provider:apple") == before


@pytest.mark.parametrize(
    ("kind", "more", "state"),
    [
        ("SUBSCRIBED", {"offerDiscountType": "FREE_TRIAL", "price": 0}, "trialing"),
        ("DID_RENEW", {}, "active"),
        ("DID_FAIL_TO_RENEW", {"subtype": "GRACE_PERIOD"}, "past_due"),
        ("DID_CHANGE_RENEWAL_STATUS", {"subtype": "AUTO_RENEW_DISABLED"}, "canceled"),
        ("DID_CHANGE_RENEWAL_STATUS", {"subtype": "AUTO_RENEW_DISABLED", "retrying": True}, "past_due"),
        ("DID_CHANGE_RENEWAL_STATUS", {"subtype": "AUTO_RENEW_ENABLED"}, "active"),
        ("DID_CHANGE_RENEWAL_PREF", {"subtype": "UPGRADE"}, "active"),
        ("DID_CHANGE_RENEWAL_PREF", {"subtype": "DOWNGRADE"}, None),
        ("EXPIRED", {"subtype": "VOLUNTARY"}, "expired"),
        ("GRACE_PERIOD_EXPIRED", {}, "expired"),
        ("REVOKE", {}, "expired"),
        ("REFUND_REVERSED", {}, "active"),
        ("PRICE_INCREASE", {"subtype": "PENDING"}, None),
        ("A_TYPE_TO_COME", {}, None),
        ("DID_RENEW", {"productId": "of.another.product"}, None),
    ],
)
def test_what_a_notification_makes_of_a_subscription(
    service: Service, kind: str, more: dict[str, Any], state: str | None
) -> None:
    user = f"apple-{kind}-{more.get('subtype', '')}-{'retrying' in more}-{more.get('productId', '')}"
    send(service, service.app_store.notification(kind, service.payer(user), **more)).raise_for_status()
    found = service.client(user).get("/subscription").json()["subscription"]
    assert (found and found["state"]) == state


def test_a_failed_renewal_leaves_days_of_grace(service: Service) -> None:
    client, payer = service.client("gil"), service.payer("gil")
    for kind, at in (("DID_FAIL_TO_RENEW", NOW + 30 * DAY), ("SUBSCRIBED", NOW)):  # the later one is delivered first
        ends = (NOW + 30 * DAY) * MS
        send(service, service.app_store.notification(kind, payer, at=at * MS, expiresDate=ends)).raise_for_status()
    service.clock = moment(NOW + 30 * DAY) + GRACE - timedelta(seconds=1)
    assert client.get("/entitlements").json()["entitlements"]
    service.clock += timedelta(seconds=1)
    assert client.get("/entitlements").json()["entitlements"] == []


def test_what_apple_did_not_sign_for_this_app_is_refused(service: Service) -> None:
    store, payer = service.app_store, service.payer("mal")
    good = store.notification("SUBSCRIBED", payer)["signedPayload"]
    header, payload, signature = good.split(".")
    other = AppStore().notification("SUBSCRIBED", payer)["signedPayload"].split(".")
    for body in (
        AppStore().notification("SUBSCRIBED", payer),
        store.notification("SUBSCRIBED", payer, bundle="com.example.other"),
        {"signedPayload": f"{header}.{other[1]}.{signature}"},
        {"signedPayload": f"{header}.{payload}.{other[2]}"},
        {"signedPayload": f"{other[0]}.{payload}.{other[2]}"},
        {"signedPayload": "a.b.c"},
        {"signedPayload": store.sign({"notificationType": "TEST"})},
        {"signedPayload": store.sign({"notificationType": ["TEST"], "data": 1})},
        store.notification("SUBSCRIBED", payer, appAccountToken="no uuid"),
        store.notification("SUBSCRIBED", payer, price=1),
        store.notification("SUBSCRIBED", payer, expiresDate=1 << 62),
        {},
        [],
    ):
        answer = send(service, body)
        assert answer.status_code == 400, body
        assert answer.json()["detail"].endswith("nothing was recorded")
    assert service.client("mal").get("/subscription").json()["subscription"] is None


async def test_certificates_must_be_of_the_kind_that_apple_signs_notifications_with() -> None:
    unmarked = AppStore(marked=False)
    verifier = Verifier(unmarked.root, App(BUNDLE, APP_ID, sandbox=False), revocation=False)
    body = unmarked.notification("TEST", str(uuid4()))["signedPayload"]
    with pytest.raises(Refused, match="not signed by the App Store"):
        await verifier.notification(f'{{"signedPayload": "{body}"}}'.encode())


async def test_a_certificate_that_names_nobody_to_ask_for_its_revocation_is_refused(app_store: AppStore) -> None:
    verifier = Verifier(app_store.root, App(BUNDLE, APP_ID, sandbox=False))
    body = app_store.notification("TEST", str(uuid4()))["signedPayload"]
    with pytest.raises(Refused):
        await verifier.notification(f'{{"signedPayload": "{body}"}}'.encode())


async def test_purchases_of_the_sandbox_are_none_in_production(app_store: AppStore) -> None:
    verifier = Verifier(app_store.root, App(BUNDLE, APP_ID, sandbox=True), revocation=False)
    body = app_store.notification("SUBSCRIBED", str(uuid4()))["signedPayload"]
    with pytest.raises(Refused, match="INVALID_ENVIRONMENT"):
        await verifier.notification(f'{{"signedPayload": "{body}"}}'.encode())


def test_while_the_app_store_is_not_set_up_apple_is_told_to_send_again(service: Service, key: ECKey) -> None:
    settings = service.settings.model_copy(update={"apple_app_id": 0})
    with serving(settings, key, service.stripe, service.app_store) as other:
        answer = send(other, service.app_store.notification("TEST", None))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_root_that_is_no_certificate_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="PEM"):
        Verifier("-----BEGIN NOTHING-----", App(BUNDLE, APP_ID, sandbox=False))
