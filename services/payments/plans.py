"""What is sold, and for how much: change the table to change the offer. Pure.

A plan that somebody has subscribed to stays in the table; `offered` says whether others still may.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.payments.money import Money

PREMIUM = "premium"
"""The entitlement: a role of access tokens, which items of the catalogue may demand."""


class Interval(StrEnum):
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Plan:
    """`price` is paid for each `interval`, after `trial_days` without a charge for who never had a subscription."""

    id: str
    title: str
    entitlement: str
    interval: Interval
    price: Money
    trial_days: int
    apple_product: str
    """Its product in App Store Connect, which has a price of its own."""
    offered: bool = True


PLANS = (
    Plan(
        "premium-monthly",
        "Aura Premium, a month",
        PREMIUM,
        Interval.MONTH,
        Money(999, "usd"),
        trial_days=7,
        apple_product="com.aurawellness.premium.monthly",
    ),
    Plan(
        "premium-yearly",
        "Aura Premium, a year",
        PREMIUM,
        Interval.YEAR,
        Money(7999, "usd"),
        trial_days=14,
        apple_product="com.aurawellness.premium.yearly",
    ),
)
_BY_ID = {plan.id: plan for plan in PLANS}
_BY_APPLE_PRODUCT = {plan.apple_product: plan for plan in PLANS}


def plan_of(id: str) -> Plan | None:
    return _BY_ID.get(id)


def plan_of_product(product: str) -> Plan | None:
    """The plan of a product of the App Store."""
    return _BY_APPLE_PRODUCT.get(product)
