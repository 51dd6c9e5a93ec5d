"""What a person may buy, has, and has paid."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from services.kit import cursor
from services.kit.authentication import Caller
from services.kit.export import Exported
from services.kit.problems import documented
from services.payments import export, history, invoices, payers
from services.payments.endpoints.dependencies import Now, Service
from services.payments.entitlements import entitlements
from services.payments.history import Held
from services.payments.plans import PLANS
from services.payments.schemas import (
    CallersSubscription,
    CurrentSubscription,
    Entitlements,
    HeldEntitlement,
    Invoices,
    OfferedPlan,
    Plans,
)
from services.payments.subscriptions import State, lasts_until, state_at

MAX_LIMIT = 200
_POSITION = re.compile(r"([0-9]{1,18}) ([\x21-\x7e]{1,255})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEWEST = datetime(9999, 1, 1, tzinfo=UTC), ""
_ANSWERS = documented(401, 410, 503)
router = APIRouter()


@router.get("/plans", responses=documented(401, 503))
async def plans(_: Caller) -> Plans:
    """What is offered, in the order of the table."""
    return Plans(
        plans=[
            OfferedPlan(
                **{name: value for name, value in asdict(plan).items() if name != "price"}, **asdict(plan.price)
            )
            for plan in PLANS
            if plan.offered
        ]
    )


@router.get("/subscription", responses=_ANSWERS)
async def subscription(who: Caller, service: Service, now: Now) -> CallersSubscription:
    """The caller's subscription that lasts longest."""
    async with service.pool.connection() as connection:
        payer = await payers.find_or_make(connection, who)
        held = await history.subscriptions(connection, payer.id)
    return CallersSubscription(account_token=payer.id, subscription=shown(held[0], now) if held else None)


@router.get("/entitlements", responses=_ANSWERS)
async def held_entitlements(who: Caller, service: Service, now: Now) -> Entitlements:
    """What the caller may use now, and until when if nothing more is heard."""
    async with service.pool.connection() as connection:
        payer = await payers.find(connection, who)
        held = await history.subscriptions(connection, payer.id) if payer else []
    found = entitlements(one.subscription for one in held)
    return Entitlements(
        entitlements=[HeldEntitlement(name=name, until=until) for name, until in found.items() if now < until]
    )


@router.get("/invoices", responses=documented(401, 410, 422, 503))
async def list_invoices(
    who: Caller,
    service: Service,
    after: Annotated[str | None, Query(max_length=400, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 50,
) -> Invoices:
    """The caller's invoices at Stripe; those of the App Store are in the App Store."""
    before = _NEWEST if after is None else _position(cursor.decode(after, _POSITION))
    async with service.pool.connection() as connection:
        payer = await payers.find(connection, who)
        found = await invoices.page(connection, payer.id, before, limit + 1) if payer else []
    last = found[limit - 1] if len(found) > limit else None
    following = last and cursor.encode(f"{(last.created_at - _EPOCH) // timedelta(microseconds=1)} {last.id}")
    return Invoices(invoices=found[:limit], next=following)


@router.get("/export", responses=_ANSWERS)
async def exported(who: Caller, service: Service) -> Exported:
    """Everything that this service has of the caller, by table."""
    async with service.pool.connection() as connection:
        payer = await payers.find(connection, who)
        return await export.of_payer(connection, payer)


def shown(held: Held, now: datetime) -> CurrentSubscription:
    """A subscription as it is at `now`."""
    found, state = held.subscription, state_at(held.subscription, now)
    return CurrentSubscription(
        provider=held.provider,
        plan=found.plan,
        state=state,
        trial=found.trial,
        period_end=found.period_end,
        renews=state not in (State.CANCELED, State.EXPIRED),
        entitled_until=lasts_until(found) if state is not State.EXPIRED else None,
    )


def _position(found: re.Match[str]) -> tuple[datetime, str]:
    try:
        return _EPOCH + timedelta(microseconds=int(found[1])), found[2]
    except OverflowError:
        raise cursor.InvalidCursor from None
