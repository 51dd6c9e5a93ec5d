"""What one event of a provider tells, and all that is kept of it. Pure.

Addresses, names and cards stand in events, too: they are not here, so nobody has to erase them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from services.payments.ledger.entries import Entry
from services.payments.money import Money
from services.payments.subscriptions import Event, Provider

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Providers count their times from it; adding to it raises OverflowError for what is no time."""


class Refused(Exception):
    """It is not what the provider signed, or nothing that can be read; the text says what is wrong."""


class ProviderUnavailable(Exception):
    """The provider does not answer, or refuses this service; the text says so."""


class InvoiceStatus(StrEnum):
    """In the order in which one wins over another of the same moment."""

    OPEN = "open"
    UNCOLLECTIBLE = "uncollectible"
    VOID = "void"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Invoice:
    """`url` is the provider's page of it, for its person."""

    id: str
    number: str
    total: Money
    status: InvoiceStatus
    url: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """`payer` is whom we named when the subscription was made, `customer` the provider's name for the same; None where
    the event has none. `fee_of` is a movement of money at Stripe whose fee is asked for."""

    provider: Provider
    id: str
    at: datetime
    payer: UUID | None = None
    customer: str | None = None
    subscription: str = ""
    event: Event | None = None
    invoice: Invoice | None = None
    entries: tuple[Entry, ...] = field(default=())
    fee_of: str = ""
