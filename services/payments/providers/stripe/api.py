"""What is asked of Stripe, by its own library. Every call raises ProviderUnavailable if Stripe does not do it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from stripe import HTTPXClient, InvalidRequestError, StripeClient, StripeError

from services.kit import logs
from services.payments.ledger import entries
from services.payments.money import Money
from services.payments.plans import Plan
from services.payments.providers.report import ProviderUnavailable
from services.payments.providers.stripe.events import PAYER, PLAN
from services.payments.subscriptions import Provider

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams

API = "https://api.stripe.com"
TIMEOUT_SECONDS = 10.0
log = logs.get(__name__)


@dataclass(frozen=True)
class Checkout:
    """A page of Stripe's on which a person pays until `expires_at`."""

    url: str
    expires_at: datetime


class Stripe:
    def __init__(self, key: str, api: str = API) -> None:
        self._http = HTTPXClient(timeout=TIMEOUT_SECONDS)
        self._client = StripeClient(key, base_addresses={"api": api}, http_client=self._http, max_network_retries=1)

    async def close(self) -> None:
        await self._http.close_async()

    async def checkout(
        self, payer: UUID, customer: str | None, plan: Plan, *, trial: bool, back_to: str, key: str | None
    ) -> Checkout:
        """A new checkout of `plan`, whose price goes along; the same again for the same `key`.

        Stripe sends the browser back to `back_to`, with ?checkout=done or ?checkout=abandoned.
        """
        params: SessionCreateParams = {
            "mode": "subscription",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": plan.price.currency,
                        "unit_amount": plan.price.amount,
                        "recurring": {"interval": plan.interval.value},
                        "product_data": {"name": plan.title},
                    },
                }
            ],
            "client_reference_id": str(payer),
            "subscription_data": {"metadata": {PAYER: str(payer), PLAN: plan.id}},
            "success_url": f"{back_to}?checkout=done",
            "cancel_url": f"{back_to}?checkout=abandoned",
        }
        if trial and plan.trial_days:
            params["subscription_data"]["trial_period_days"] = plan.trial_days  # pyright: ignore[reportTypedDictNotRequiredAccess]
        if customer is not None:
            params["customer"] = customer
        with _answering("make a checkout"):
            made = await self._client.v1.checkout.sessions.create_async(
                params, {"idempotency_key": key} if key else None
            )
        if made.url is None:
            raise ProviderUnavailable("Stripe made a checkout without a page")
        return Checkout(made.url, datetime.fromtimestamp(made.expires_at, UTC))

    async def cancel_at_period_end(self, subscription: str) -> None:
        """Again, there is nothing left to do."""
        with _answering("cancel a subscription"):
            await self._client.v1.subscriptions.update_async(subscription, {"cancel_at_period_end": True})

    async def fee(self, movement: str) -> entries.Entry:
        """The fee of a movement of money (a balance transaction), as an entry of the books."""
        with _answering("tell a fee"):
            found = await self._client.v1.balance_transactions.retrieve_async(movement)
        return entries.fee(Provider.STRIPE, movement, Money(found.fee, found.currency))

    async def forget(self, customer: str) -> None:
        """Ends the subscriptions of a customer at once and deletes what Stripe has of them; again, nothing is left."""
        with _answering("delete a customer"):
            try:
                await self._client.v1.customers.delete_async(customer)
            except InvalidRequestError as error:
                if error.http_status != 404:
                    raise


@contextlib.contextmanager
def _answering(what: str) -> Iterator[None]:
    try:
        yield
    except StripeError as error:
        log.warning("stripe_refused", what=what, error=f"{type(error).__name__}: {error}", status=error.http_status)
        raise ProviderUnavailable(f"Stripe did not {what}, and nothing was charged by this request") from error
