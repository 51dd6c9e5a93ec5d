"""Subscriptions as state machines over what a provider says of them. Pure.

Providers deliver events late, twice and in any order. A subscription is the fold over all events that are known of it,
each once and by the provider's own time: whoever has the same events has the same subscription.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

GRACE = timedelta(days=3)
"""How long a subscription lasts after a payment has failed, or after a period whose renewal nobody has told of."""


class Provider(StrEnum):
    STRIPE = "stripe"
    APPLE = "apple"


class State(StrEnum):
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    """The payment of this period has failed, or has not been heard of."""
    CANCELED = "canceled"
    """It ends with its period and is not renewed."""
    EXPIRED = "expired"


class Change(StrEnum):
    """What an event does to a subscription. Of two that a provider dates alike (Stripe's times are whole seconds), the
    one that comes later here wins."""

    STARTED = "started"
    RENEWED = "renewed"
    """Paid until the event's `period_end`."""
    RESUMED = "resumed"
    """It is paid for, and will be renewed after all."""
    PAYMENT_FAILED = "payment_failed"
    CANCELED = "canceled"
    """It is paid for, and will not be renewed."""
    ENDED = "ended"
    """At once: whatever was left of the period is refunded or revoked."""


_RANK = {change: rank for rank, change in enumerate(Change)}


@dataclass(frozen=True, slots=True)
class Event:
    """What a provider said of a subscription at `at`; `trial` of a period that costs nothing."""

    id: str
    at: datetime
    change: Change
    plan: str
    period_end: datetime
    trial: bool = False


@dataclass(frozen=True, slots=True)
class Subscription:
    """As of its last event; `state_at` says what time makes of it. `failing_since`: the first failed payment since the
    last good one."""

    plan: str
    state: State
    period_end: datetime
    trial: bool
    failing_since: datetime | None = None


def fold(events: Iterable[Event]) -> Subscription | None:
    """The subscription that these events make, in whatever order and however often they came; None without any."""
    found: Subscription | None = None
    for event in sorted({event.id: event for event in events}.values(), key=_position):
        found = apply(found, event)
    return found


def apply(before: Subscription | None, event: Event) -> Subscription:
    """The subscription after the next event. Of one that is expired only a new start or a payment makes more."""
    if before is None:
        before = Subscription(event.plan, State.EXPIRED, event.period_end, event.trial)
        if event.change is not Change.ENDED:
            before = replace(before, state=_good(event.trial))
    elif before.state is State.EXPIRED and event.change not in (Change.STARTED, Change.RENEWED):
        return before
    after = replace(before, plan=event.plan, period_end=event.period_end, trial=event.trial)
    match event.change:
        case Change.STARTED | Change.RENEWED | Change.RESUMED:
            return replace(after, state=_good(event.trial), failing_since=None)
        case Change.PAYMENT_FAILED:
            return replace(after, state=State.PAST_DUE, failing_since=before.failing_since or event.at)
        case Change.CANCELED:
            return replace(after, state=State.CANCELED, failing_since=None)
        case Change.ENDED:
            return replace(after, state=State.EXPIRED)


def lasts_until(subscription: Subscription) -> datetime | None:
    """The end of what it entitles to if nothing more is heard of it; None if that is over already."""
    if subscription.state is State.EXPIRED:
        return None
    if subscription.state is State.CANCELED:
        return subscription.period_end
    return (subscription.failing_since or subscription.period_end) + GRACE


def state_at(subscription: Subscription, now: datetime) -> State:
    """What time has made of it at `now`."""
    until = lasts_until(subscription)
    if until is None or now >= until:
        return State.EXPIRED
    if subscription.state in (State.TRIALING, State.ACTIVE) and now >= subscription.period_end:
        return State.PAST_DUE
    return subscription.state


def _good(trial: bool) -> State:
    return State.TRIALING if trial else State.ACTIVE


def _position(event: Event) -> tuple[datetime, int, str]:
    return event.at, _RANK[event.change], event.id
