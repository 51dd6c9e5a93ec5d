"""Amounts in whole minor units of a currency. Pure: no fractions, and no sum of two currencies."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WITHOUT_MINOR_UNIT = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf")
)
_WITH_THOUSANDTHS = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
"""Of the currencies that Stripe takes ("Supported currencies"); all others have hundredths."""
_CURRENCY = re.compile(r"[a-z]{3}")


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` minor units of `currency`, an ISO 4217 code in lower case: Money(999, "usd") is 9.99 US dollars.

    Raises ValueError for what is no such code.
    """

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if not _CURRENCY.fullmatch(self.currency):
            raise ValueError(f"{self.currency!a} is no currency code in lower case")


def from_thousandths(thousandths: int, currency: str) -> Money:
    """Of an amount in thousandths of the currency's unit, as the App Store writes prices.

    Raises ValueError if the currency has no such amount: it is never rounded.
    """
    code = currency.lower()
    step = 1000 if code in _WITHOUT_MINOR_UNIT else 1 if code in _WITH_THOUSANDTHS else 10
    amount, rest = divmod(thousandths, step)
    if rest:
        raise ValueError(f"{thousandths} thousandths of {code} are no whole minor units")
    return Money(amount, code)
