"""Every entry of the books is zero in each currency, whatever the amounts; each event of money is entered alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.ledger.entries import (
    Account,
    Entry,
    charge,
    fee,
    proration_credit,
    refund,
    refund_failed,
)
from services.payments.money import Money, from_thousandths
from services.payments.subscriptions import Provider

AMOUNTS = st.integers(0, 10**12)
MONEY = st.builds(Money, AMOUNTS, st.sampled_from(["usd", "eur", "jpy", "kwd"]))
PROVIDERS = st.sampled_from(Provider)
SIMPLE = st.sampled_from([fee, refund, refund_failed, proration_credit])
ENTRIES = st.one_of(
    st.builds(lambda make, *given: make(*given), SIMPLE, PROVIDERS, st.uuids().map(str), MONEY),
    st.builds(charge, PROVIDERS, st.uuids().map(str), MONEY, AMOUNTS),
)


def balances(entries: Iterable[Entry]) -> dict[tuple[str, str], int]:
    """Of each account in each currency, without those of zero."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for entry in entries:
        for posting in entry.postings:
            found[posting.account, posting.money.currency] += posting.money.amount
    return {account: amount for account, amount in found.items() if amount}


@given(ENTRIES)
def test_the_postings_of_an_entry_are_zero_together(entry: Entry) -> None:
    total: dict[str, int] = defaultdict(int)
    for posting in entry.postings:
        total[posting.money.currency] += posting.money.amount
        assert posting.money.amount != 0
    assert not any(total.values())
    assert len(entry.postings) != 1


@given(PROVIDERS, MONEY, AMOUNTS)
def test_a_refund_that_failed_leaves_the_books_as_they_were(provider: Provider, money: Money, paid: int) -> None:
    before = [charge(provider, "in_1", Money(paid, money.currency))]
    assert balances([*before, refund(provider, "re_1", money), refund_failed(provider, "re_1", money)]) == balances(
        before
    )


@given(PROVIDERS, MONEY)
def test_a_credit_that_pays_for_a_later_period_is_revenue_in_the_end(provider: Provider, money: Money) -> None:
    given_back = proration_credit(provider, "in_1", money)
    used = charge(provider, "in_2", Money(0, money.currency), credit_used=money.amount)
    assert balances([given_back, used]) == {}


def test_what_a_month_of_a_person_leaves_in_the_books() -> None:
    usd = [
        charge(Provider.STRIPE, "in_1", Money(999, "usd")),
        fee(Provider.STRIPE, "txn_1", Money(59, "usd")),
        refund(Provider.STRIPE, "re_1", Money(500, "usd")),
        proration_credit(Provider.STRIPE, "in_2", Money(300, "usd")),
    ]
    assert balances(usd) == {
        (Account.STRIPE, "usd"): 999 - 59 - 500,
        (Account.REVENUE, "usd"): -999 + 300,
        (Account.FEES, "usd"): 59,
        (Account.REFUNDS, "usd"): 500,
        (Account.CREDITS, "usd"): -300,
    }
    assert len({entry.source for entry in usd}) == len(usd)


@pytest.mark.parametrize("make", [fee, refund, refund_failed, proration_credit, charge])
def test_a_negative_amount_is_refused(make: type) -> None:
    with pytest.raises(ValueError, match="negative"):
        make(Provider.STRIPE, "x", Money(-1, "usd"))


@pytest.mark.parametrize(
    ("thousandths", "currency", "amount"),
    [(9990, "USD", 999), (1_000_000, "JPY", 1000), (1234, "KWD", 1234), (0, "EUR", 0)],
)
def test_prices_of_the_app_store_are_whole_minor_units(thousandths: int, currency: str, amount: int) -> None:
    assert from_thousandths(thousandths, currency) == Money(amount, currency.lower())


@pytest.mark.parametrize(("thousandths", "currency"), [(9995, "USD"), (1500, "JPY"), (10, "dollars"), (10, "")])
def test_no_amount_is_rounded_and_no_currency_guessed(thousandths: int, currency: str) -> None:
    with pytest.raises(ValueError, match=r"minor units|currency code"):
        from_thousandths(thousandths, currency)
