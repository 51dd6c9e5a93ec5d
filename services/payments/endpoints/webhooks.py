"""Where providers send their events: without a token, and signed.

An event is acknowledged once it is committed. Anything else than 200 makes the provider send it again, for days.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from psycopg import DataError

from services.kit import logs
from services.kit.problems import Problem, documented, unavailable
from services.payments.endpoints.dependencies import Now, Payments, Service
from services.payments.ledger.entries import Entry
from services.payments.providers.apple import events as apple_events
from services.payments.providers.report import ProviderUnavailable, Refused, Report
from services.payments.providers.stripe import events as stripe_events
from services.payments.providers.stripe import signature
from services.payments.recording import Recorded, record
from services.payments.schemas import Receipt

MAX_BODY = 1 << 20
"""Bytes: an event with its object is some thousand."""
_ANSWERS = documented(400, 413, 503)
log = logs.get(__name__)
router = APIRouter()


@router.post("/stripe", responses=_ANSWERS)
async def stripe(request: Request, service: Service, now: Now) -> Receipt:
    """Events of Stripe with the header Stripe-Signature."""
    body = await _body(request)
    try:
        signature.verify(body, request.headers.get("Stripe-Signature", ""), service.stripe_webhook_secret)
        report = stripe_events.report(body)
        fees = (await service.stripe.fee(report.fee_of),) if report.fee_of else ()
    except Refused as error:
        raise _refused(error) from error
    except ProviderUnavailable as error:
        raise unavailable(str(error)) from error
    recorded = await _record(service, report, now, fees)
    if recorded.orphan is not None:
        await _end(service, recorded.orphan)
    return Receipt(recorded=recorded.first)


@router.post("/apple", responses=_ANSWERS)
async def apple(request: Request, service: Service, now: Now) -> Receipt:
    """App Store Server Notifications V2."""
    if service.apple is None:
        raise unavailable("purchases in the App Store are not set up")
    try:
        notification = await service.apple.notification(await _body(request))
        report = apple_events.report(notification.told, notification.transaction, retrying=notification.retrying)
    except Refused as error:
        raise _refused(error) from error
    except ProviderUnavailable as error:
        raise unavailable(str(error)) from error
    return Receipt(recorded=(await _record(service, report, now)).first)


async def _record(service: Payments, report: Report, now: Now, more: tuple[Entry, ...] = ()) -> Recorded:
    try:
        async with service.pool.connection() as connection:
            recorded = await record(connection, report, now, more)
    except DataError as error:
        raise _refused(Refused(f"the event {report.id} has a value that no table takes: {error}")) from error
    service.relay.wake()
    return recorded


async def _end(service: Payments, customer: str) -> None:
    """Ends what is still charged for an account that has ended, such as by a checkout that was open then."""
    log.warning("orphan_charged", customer=customer, hint="it is ended now; a person has to refund what was paid")
    try:
        await service.stripe.forget(customer)
    except ProviderUnavailable as error:
        raise unavailable(str(error)) from error


def _refused(error: Refused) -> Problem:
    log.warning("event_refused", error=str(error))
    return Problem(400, f"{error}; nothing was recorded")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise Problem(413, f"an event has at most {MAX_BODY} bytes")
    return bytes(body)
