"""Begins and ends a subscription at Stripe; what comes of it, Stripe's events say."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import APIRouter

from services.kit import idempotency
from services.kit.authentication import Caller
from services.kit.idempotency import Answer
from services.kit.problems import Problem, documented, unavailable
from services.payments import history, payers
from services.payments.endpoints.dependencies import Now, Service
from services.payments.plans import plan_of
from services.payments.providers.report import ProviderUnavailable
from services.payments.schemas import Cancellation, CheckoutPage, Wanted
from services.payments.subscriptions import Provider, State, state_at

router = APIRouter()


@router.post(
    "/checkout", status_code=201, response_model=CheckoutPage, responses=documented(401, 404, 409, 410, 422, 503)
)
async def checkout(
    who: Caller, service: Service, wanted: Wanted, now: Now, idempotency_key: idempotency.Key = None
) -> Any:
    """Makes a page on which the caller subscribes to a plan; nothing is charged before they have paid there."""
    plan = plan_of(wanted.plan)
    if plan is None or not plan.offered:
        raise Problem(404, "there is no such plan; GET /v1/payments/plans lists what is offered")
    async with service.pool.connection() as connection:
        payer = await payers.find_or_make(connection, who)

        async def work() -> Answer:
            held = await history.subscriptions(connection, payer.id)
            if any(state_at(one.subscription, now) is not State.EXPIRED for one in held):
                raise Problem(409, "there is a subscription already: cancel it, and subscribe anew once it has ended")
            try:
                page = await service.stripe.checkout(
                    payer.id,
                    payer.stripe_customer,
                    plan,
                    trial=not held,
                    back_to=service.app_url,
                    key=_key(who.user, idempotency_key),
                )
            except ProviderUnavailable as error:
                raise unavailable(str(error)) from error
            shown = CheckoutPage(url=page.url, expires_at=page.expires_at)
            return Answer(201, shown.model_dump_json().encode())

        request = f"checkout {wanted.model_dump_json()}".encode()
        return await idempotency.once(connection, who.user, idempotency_key, request, work)


@router.post("/subscription/cancellation", status_code=202, responses=documented(401, 404, 409, 410, 503))
async def cancel(who: Caller, service: Service, now: Now) -> Cancellation:
    """The subscription ends with its period. Again, it is the same."""
    async with service.pool.connection() as connection:
        payer = await payers.find(connection, who)
        held = await history.subscriptions(connection, payer.id) if payer else []
    current = [one for one in held if state_at(one.subscription, now) is not State.EXPIRED]
    if not current:
        raise Problem(404, "there is no subscription that could be canceled")
    ours = [one for one in current if one.provider is Provider.STRIPE]
    if not ours:
        raise Problem(409, "the subscription was bought in the App Store: it is canceled in its settings")
    try:
        for one in ours:
            await service.stripe.cancel_at_period_end(one.id)
    except ProviderUnavailable as error:
        raise unavailable(str(error)) from error
    return Cancellation(ends_at=ours[0].subscription.period_end)


def _key(user: str, key: str | None) -> str | None:
    """Stripe's Idempotency-Key: its keys are all of one account, ours are of one person."""
    return hashlib.sha256(f"{user} {key}".encode()).hexdigest() if key else None
