"""Events as Stripe sends them: objects in the shape of its API reference, signed by its own library."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
from stripe import WebhookSignature

from tests.payments.conftest import WEBHOOK_SECRET, Service

DAY = 86_400
NOW = int(time.time())


def event(kind: str, object: dict[str, Any], *, id: str | None = None, created: int = NOW) -> dict[str, Any]:
    """An event of `kind`; `created` in Unix seconds."""
    return {
        "id": id or f"evt_{uuid4().hex}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "type": kind,
        "created": created,
        "livemode": False,
        "data": {"object": object},
    }


def subscription(
    payer: str,
    status: str = "active",
    *,
    id: str | None = None,
    plan: str = "premium-monthly",
    period_end: int = NOW + 30 * DAY,
    **more: Any,
) -> dict[str, Any]:
    """The customer and the subscription have the payer's name, unless told otherwise."""
    return {
        "id": id or f"sub_{payer}",
        "object": "subscription",
        "customer": f"cus_{payer}",
        "status": status,
        "cancel_at_period_end": False,
        "metadata": {"payer": payer, "plan": plan},
        "items": {"object": "list", "data": [{"id": "si_1", "current_period_end": period_end}]},
        **more,
    }


def invoice(payer: str, id: str, paid: int = 999, *, status: str = "paid", **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "object": "invoice",
        "created": NOW,
        "currency": "usd",
        "customer": f"cus_{payer}",
        "number": f"AURA-{id}",
        "status": status,
        "total": paid,
        "amount_paid": paid,
        "hosted_invoice_url": f"https://invoice.stripe.com/i/{id}",
        "starting_balance": 0,
        "ending_balance": 0,
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": f"sub_{payer}", "metadata": {"payer": payer}},
        },
        **more,
    }


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def signed(payload: str, *, secret: str = WEBHOOK_SECRET, at: int | None = None) -> dict[str, str]:
    return {"Stripe-Signature": WebhookSignature.generate_signature_header(payload, secret, at)}


def send(service: Service, told: dict[str, Any]) -> httpx.Response:
    """Delivers an event."""
    payload = json.dumps(told)
    return service.anonymous().post("/webhooks/stripe", content=payload, headers=signed(payload))
