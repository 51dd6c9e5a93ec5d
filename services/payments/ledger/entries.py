"""Which postings a charge, a fee, a refund and a credit make. Pure.

A debit is positive, a credit negative: the postings of an entry are zero together in each currency. Amounts are what
the provider says has happened, and a negative one is refused: its opposite is another kind of entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.payments.money import Money
from services.payments.subscriptions import Provider


class Account(StrEnum):
    """Of the books; each provider has one for what it owes us."""

    STRIPE = "provider:stripe"
    APPLE = "provider:apple"
    REVENUE = "revenue"
    FEES = "fees"
    """What providers keep."""
    REFUNDS = "refunds"
    CREDITS = "credits"
    """What we owe people for time that they paid for and gave back; a later invoice uses it up."""


class Kind(StrEnum):
    CHARGE = "charge"
    FEE = "fee"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"
    PRORATION_CREDIT = "proration_credit"


@dataclass(frozen=True, slots=True)
class Posting:
    account: Account
    money: Money


@dataclass(frozen=True, slots=True)
class Entry:
    """A transaction of the books. `source` is what it tells of, such as an invoice: it is entered once for each."""

    source: str
    kind: Kind
    postings: tuple[Posting, ...]


def charge(provider: Provider, source: str, paid: Money, credit_used: int = 0) -> Entry:
    """A period was paid for: `paid` by money, `credit_used` (of the same currency) out of an earlier credit."""
    return _entry(
        f"{provider}:{source}",
        Kind.CHARGE,
        (_at(provider), paid.amount),
        (Account.CREDITS, _positive(credit_used)),
        (Account.REVENUE, -_positive(paid.amount) - credit_used),
        currency=paid.currency,
    )


def fee(provider: Provider, source: str, kept: Money) -> Entry:
    """The provider keeps a part of what it took."""
    amount = _positive(kept.amount)
    return _entry(
        f"{provider}:{source}:fee",
        Kind.FEE,
        (Account.FEES, amount),
        (_at(provider), -amount),
        currency=kept.currency,
    )


def refund(provider: Provider, source: str, returned: Money) -> Entry:
    """Money went back to a person."""
    amount = _positive(returned.amount)
    return _entry(
        f"{provider}:{source}",
        Kind.REFUND,
        (Account.REFUNDS, amount),
        (_at(provider), -amount),
        currency=returned.currency,
    )


def refund_failed(provider: Provider, source: str, returned: Money) -> Entry:
    """The money of a refund came back: the bank did not take it."""
    amount = _positive(returned.amount)
    return _entry(
        f"{provider}:{source}:failed",
        Kind.REFUND_FAILED,
        (_at(provider), amount),
        (Account.REFUNDS, -amount),
        currency=returned.currency,
    )


def proration_credit(provider: Provider, source: str, owed: Money) -> Entry:
    """A person gave back time that was paid for, as with a change to a cheaper plan: we owe them its price."""
    amount = _positive(owed.amount)
    return _entry(
        f"{provider}:{source}:credit",
        Kind.PRORATION_CREDIT,
        (Account.REVENUE, amount),
        (Account.CREDITS, -amount),
        currency=owed.currency,
    )


def _entry(source: str, kind: Kind, *lines: tuple[Account, int], currency: str) -> Entry:
    return Entry(source, kind, tuple(Posting(account, Money(amount, currency)) for account, amount in lines if amount))


def _at(provider: Provider) -> Account:
    return Account(f"provider:{provider}")


def _positive(amount: int) -> int:
    if amount < 0:
        raise ValueError(f"an amount of {amount} is negative; its opposite is another kind of entry")
    return amount
