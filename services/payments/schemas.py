"""What apps send and get. Amounts are whole minor units of their currency: 999 of usd is 9.99 US dollars."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.kit.sample import sample
from services.payments.plans import Interval
from services.payments.subscriptions import Provider, State


class Sent(BaseModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OfferedPlan(BaseModel):
    id: str
    title: str
    entitlement: str
    interval: Interval
    amount: int
    currency: str
    trial_days: int
    apple_product: str


class Plans(BaseModel):
    plans: list[OfferedPlan]


class CurrentSubscription(BaseModel):
    """`renews`: it goes on after `period_end`. `entitled_until`: if nothing more is heard; null when it is over."""

    provider: Provider
    plan: str
    state: State
    trial: bool
    period_end: datetime
    renews: bool
    entitled_until: datetime | None


class CallersSubscription(BaseModel):
    """`account_token` is the caller's: a purchase in the App Store must carry it as its appAccountToken. `subscription`
    is the one that lasts longest, null for who never had one."""

    account_token: UUID
    subscription: CurrentSubscription | None


class HeldEntitlement(BaseModel):
    name: str
    until: datetime


class Entitlements(BaseModel):
    """What is held now; a token has it as a role from its next refresh on."""

    entitlements: list[HeldEntitlement]


class Wanted(Sent):
    """The plan to subscribe to."""

    model_config = sample(plan="premium-monthly")
    plan: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,60}$")]


class CheckoutPage(BaseModel):
    """A page of the provider's, on which the caller pays until `expires_at`."""

    url: str
    expires_at: datetime


class Cancellation(BaseModel):
    """The subscription lasts until `ends_at`. It says so itself once the provider has confirmed it."""

    ends_at: datetime


class PaidInvoice(BaseModel):
    """`status` is open, uncollectible, void or paid; `url` is Stripe's page of it. A negative `amount` is a credit."""

    id: str
    number: str
    amount: int
    currency: str
    status: str
    url: str
    created_at: datetime


class Invoices(BaseModel):
    """Newest first; `next` is the `after` of the next page, null on the last one."""

    invoices: list[PaidInvoice]
    next: str | None


class Receipt(BaseModel):
    """False: the event was received before."""

    recorded: bool
