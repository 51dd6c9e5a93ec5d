"""What the routes share, as FastAPI dependencies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from services.kit.database import Pool
from services.kit.outbox import Relay
from services.payments.providers.apple.verification import Verifier
from services.payments.providers.stripe.api import Stripe


@dataclass(frozen=True)
class Payments:
    """The database, what carries its events to Kafka, and the providers. `apple` is None while it is not set up."""

    pool: Pool
    relay: Relay
    stripe: Stripe
    stripe_webhook_secret: str
    apple: Verifier | None
    app_url: str


async def payments(connection: HTTPConnection) -> Payments:
    return connection.app.state.payments


async def now() -> datetime:
    return datetime.now(UTC)


Service = Annotated[Payments, Depends(payments)]
Now = Annotated[datetime, Depends(now)]
