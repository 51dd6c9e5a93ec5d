"""What a person's subscriptions entitle to, and until when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from services.payments.plans import plan_of
from services.payments.subscriptions import Subscription, lasts_until


def entitlements(subscriptions: Iterable[Subscription]) -> Mapping[str, datetime]:
    """The end of each entitlement if nothing more is heard: the latest that one of the subscriptions gives.

    What is over already is still named if the last word on it was another one: whoever reads compares with the time.
    """
    found: dict[str, datetime] = {}
    for subscription in subscriptions:
        plan, until = plan_of(subscription.plan), lasts_until(subscription)
        if plan is not None and until is not None:
            found[plan.entitlement] = max(until, found.get(plan.entitlement, until))
    return found
