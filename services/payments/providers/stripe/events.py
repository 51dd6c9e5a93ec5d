"""What Stripe's events tell ("Types of events"). Pure; of others nothing is kept but that they were received."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.payments.ledger import entries
from services.payments.money import Money
from services.payments.plans import plan_of
from services.payments.providers.report import EPOCH, Invoice, InvoiceStatus, Refused, Report
from services.payments.providers.stripe.objects import (
    ChargeObject,
    InvoiceObject,
    RefundObject,
    StripeEvent,
    SubscriptionObject,
    decode,
)
from services.payments.subscriptions import Change, Event, Provider

PAYER, PLAN = "payer", "plan"
"""Keys of the metadata that a subscription gets at its checkout."""
_CHANGES = {
    "trialing": Change.RENEWED,
    "active": Change.RENEWED,
    "past_due": Change.PAYMENT_FAILED,
    "unpaid": Change.PAYMENT_FAILED,
    "canceled": Change.ENDED,
    "incomplete_expired": Change.ENDED,
}
"""By the status of a subscription. One that is `incomplete` was never paid for, and one that is `paused` has had a
trial and no card: neither is anything yet."""


def report(payload: bytes) -> Report:
    """Of the payload of a verified event; raises Refused if it has another shape than Stripe's objects."""
    event = decode(payload, StripeEvent)
    raw = event.data.object
    try:
        found = Report(Provider.STRIPE, event.id, _moment(event.created))
        match event.type.rpartition("."):
            case ("customer.subscription", _, _):
                return _of_subscription(found, decode(raw, SubscriptionObject), event.type)
            case ("invoice", _, "paid" | "payment_failed" | "voided" | "marked_uncollectible"):
                return _of_invoice(found, decode(raw, InvoiceObject))
            case ("charge", _, "succeeded" | "updated"):
                of_charge = decode(raw, ChargeObject)
                return replace(found, customer=of_charge.customer, fee_of=of_charge.balance_transaction or "")
            case ("refund", _, "created" | "updated" | "failed"):
                return replace(found, entries=_refunded(decode(raw, RefundObject)))
            case _:
                return found
    except (ValueError, OverflowError) as error:
        raise Refused(f"the event {event.id} has a value that nothing has: {error}") from error


def _of_subscription(found: Report, told: SubscriptionObject, kind: str) -> Report:
    payer, plan = told.metadata.get(PAYER), told.metadata.get(PLAN, "")
    found = replace(found, customer=told.customer, subscription=told.id, payer=UUID(payer) if payer else None)
    change = Change.ENDED if kind == "customer.subscription.deleted" else _CHANGES.get(told.status)
    ends = [item.current_period_end for item in told.items.data]
    if change is None or not ends or plan_of(plan) is None:
        return found
    if change is Change.RENEWED:
        if told.cancel_at_period_end:
            change = Change.CANCELED
        elif kind == "customer.subscription.created":
            change = Change.STARTED
    event = Event(found.id, found.at, change, plan, _moment(max(ends)), told.status == "trialing")
    return replace(found, event=event)


def _of_invoice(found: Report, told: InvoiceObject) -> Report:
    details = told.parent and told.parent.subscription_details
    payer = (details.metadata or {}).get(PAYER) if details else None
    status = InvoiceStatus.OPEN if told.status in (None, "draft") else InvoiceStatus(told.status)
    invoice = Invoice(
        told.id,
        told.number or "",
        Money(told.total, told.currency),
        status,
        told.hosted_invoice_url or "",
        _moment(told.created),
    )
    return replace(
        found,
        payer=UUID(payer) if payer else None,
        customer=told.customer,
        invoice=invoice,
        entries=_paid(told) if status is InvoiceStatus.PAID else (),
    )


def _paid(told: InvoiceObject) -> tuple[entries.Entry, ...]:
    """A paid invoice is a charge, partly out of credit, or, if what was given back is worth more, a credit."""
    moved = (told.starting_balance if told.ending_balance is None else told.ending_balance) - told.starting_balance
    made = [
        entries.charge(Provider.STRIPE, told.id, Money(told.amount_paid, told.currency), credit_used=max(moved, 0)),
    ]
    if moved < 0:
        made.append(entries.proration_credit(Provider.STRIPE, told.id, Money(-moved, told.currency)))
    return tuple(made)


def _refunded(told: RefundObject) -> tuple[entries.Entry, ...]:
    """One that failed is entered with its reversal, so that the books do not depend on which event came first."""
    money = Money(told.amount, told.currency)
    made = entries.refund(Provider.STRIPE, told.id, money)
    if told.status == "succeeded":
        return (made,)
    if told.status == "failed":
        return made, entries.refund_failed(Provider.STRIPE, told.id, money)
    return ()


def _moment(seconds: int) -> datetime:
    return EPOCH + timedelta(seconds=seconds)
