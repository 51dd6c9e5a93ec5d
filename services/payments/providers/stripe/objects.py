"""The fields of Stripe's objects that are read here (API reference, version of the pinned library). Pure.

An event carries a snapshot of its object, in the version that the webhook was registered with: docs/payments.md.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from contracts.decoding import of_others
from services.payments.providers.report import Refused

Shape = TypeVar("Shape")


class EventData(msgspec.Struct, frozen=True):
    object: msgspec.Raw


class StripeEvent(msgspec.Struct, frozen=True):
    """`created` is in Unix seconds, as every time of Stripe's."""

    id: str
    type: str
    created: int
    data: EventData


class Item(msgspec.Struct, frozen=True):
    current_period_end: int


class Items(msgspec.Struct, frozen=True):
    data: tuple[Item, ...] = ()


class SubscriptionObject(msgspec.Struct, frozen=True):
    """`metadata` is ours: payer and plan, since the checkout."""

    id: str
    customer: str
    status: str
    items: Items
    metadata: dict[str, str] = {}
    cancel_at_period_end: bool = False
    ended_at: int | None = None


class SubscriptionDetails(msgspec.Struct, frozen=True):
    subscription: str = ""
    metadata: dict[str, str] | None = None


class Parent(msgspec.Struct, frozen=True):
    subscription_details: SubscriptionDetails | None = None


class InvoiceObject(msgspec.Struct, frozen=True):
    """Balances are the customer's, in minor units: negative is a credit, and the invoice moves it from `starting` to
    `ending`."""

    id: str
    created: int
    currency: str
    total: int
    amount_paid: int
    status: str | None = None
    customer: str | None = None
    number: str | None = None
    hosted_invoice_url: str | None = None
    starting_balance: int = 0
    ending_balance: int | None = None
    parent: Parent | None = None


class ChargeObject(msgspec.Struct, frozen=True):
    id: str
    customer: str | None = None
    balance_transaction: str | None = None


class RefundObject(msgspec.Struct, frozen=True):
    id: str
    amount: int
    currency: str
    status: str | None = None


def decode(raw: bytes | msgspec.Raw, kind: type[Shape]) -> Shape:
    """Raises Refused for what has another shape."""
    decoder: Any = msgspec.json.Decoder(kind)
    try:
        return of_others(decoder.decode)(raw)
    except msgspec.DecodeError as error:
        raise Refused(f"not a {kind.__name__} of the version that is read here: {error}") from error
