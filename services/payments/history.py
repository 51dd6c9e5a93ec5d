"""What providers have said of a payer's subscriptions, as rows; a subscription is their fold at every reading."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from services.kit.database import Connection
from services.payments.subscriptions import Change, Event, Provider, Subscription, fold

_STORE = """
insert into subscription_events (provider, id, payer, subscription, at, change, plan, period_end, trial)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing"""
_ALL = """
select provider, subscription, id, at, change, plan, period_end, trial from subscription_events where payer = %s"""


@dataclass(frozen=True)
class Held:
    """A subscription under the name that its provider gave it."""

    provider: Provider
    id: str
    subscription: Subscription


async def store(connection: Connection, provider: Provider, subscription: str, payer: UUID, event: Event) -> None:
    values = (event.at, event.change, event.plan, event.period_end, event.trial)
    await connection.execute(_STORE, (provider, event.id, payer, subscription, *values))


async def subscriptions(connection: Connection, payer: UUID) -> list[Held]:
    """Every subscription of a payer; the one that lasts longest comes first."""
    told: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for provider, name, id, at, change, plan, period_end, trial in await (
        await connection.execute(_ALL, (payer,))
    ).fetchall():
        told[provider, name].append(Event(id, at, Change(change), plan, period_end, trial))
    found = [
        Held(Provider(provider), name, subscription)
        for (provider, name), events in told.items()
        if (subscription := fold(events)) is not None
    ]
    return sorted(found, key=lambda held: (held.subscription.period_end, held.id), reverse=True)
