"""What the App Store's notifications tell ("notificationType"). Pure; of others nothing is kept but that they came."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from appstoreserverlibrary.models.JWSTransactionDecodedPayload import JWSTransactionDecodedPayload
from appstoreserverlibrary.models.NotificationTypeV2 import NotificationTypeV2 as Kind
from appstoreserverlibrary.models.OfferDiscountType import OfferDiscountType
from appstoreserverlibrary.models.ResponseBodyV2DecodedPayload import ResponseBodyV2DecodedPayload
from appstoreserverlibrary.models.Subtype import Subtype

from services.payments.ledger import entries
from services.payments.money import from_thousandths
from services.payments.plans import plan_of_product
from services.payments.providers.report import EPOCH, Refused, Report
from services.payments.subscriptions import Change, Event, Provider

_CHANGES = {
    Kind.SUBSCRIBED: Change.STARTED,
    Kind.OFFER_REDEEMED: Change.STARTED,
    Kind.DID_RENEW: Change.RENEWED,
    Kind.RENEWAL_EXTENDED: Change.RENEWED,
    Kind.REFUND_REVERSED: Change.RENEWED,
    Kind.DID_FAIL_TO_RENEW: Change.PAYMENT_FAILED,
    Kind.EXPIRED: Change.ENDED,
    Kind.GRACE_PERIOD_EXPIRED: Change.ENDED,
    Kind.REVOKE: Change.ENDED,
    Kind.REFUND: Change.ENDED,
}
_CHARGED = (Kind.SUBSCRIBED, Kind.OFFER_REDEEMED, Kind.DID_RENEW)


def report(
    told: ResponseBodyV2DecodedPayload, transaction: JWSTransactionDecodedPayload | None, *, retrying: bool
) -> Report:
    """Of a verified notification; raises Refused if it lacks what every one has.

    `retrying`: Apple still tries to take a payment that has failed.
    """
    if not told.notificationUUID or told.signedDate is None:
        raise Refused("the notification has no notificationUUID or no signedDate")
    try:
        found = Report(Provider.APPLE, told.notificationUUID, _moment(told.signedDate))
        if transaction is None or not transaction.originalTransactionId:
            return found
        token = transaction.appAccountToken
        return replace(
            found,
            payer=UUID(token) if token else None,
            subscription=transaction.originalTransactionId,
            event=_event(found, told, transaction, retrying),
            entries=_entries(told, transaction),
        )
    except (ValueError, OverflowError) as error:
        raise Refused(f"the notification {told.notificationUUID} has a value that nothing has: {error}") from error


def _event(
    found: Report, told: ResponseBodyV2DecodedPayload, transaction: JWSTransactionDecodedPayload, retrying: bool
) -> Event | None:
    change = _change(told, retrying)
    plan = plan_of_product(transaction.productId or "")
    if change is None or plan is None or transaction.expiresDate is None:
        return None
    trial = transaction.offerDiscountType is OfferDiscountType.FREE_TRIAL
    return Event(found.id, found.at, change, plan.id, _moment(transaction.expiresDate), trial)


def _change(told: ResponseBodyV2DecodedPayload, retrying: bool) -> Change | None:
    """An upgrade holds at once, and a downgrade from the next renewal on, which tells of it."""
    kind, subtype = told.notificationType, told.subtype
    if kind is Kind.DID_CHANGE_RENEWAL_PREF:
        return Change.RENEWED if subtype is Subtype.UPGRADE else None
    if kind is Kind.DID_CHANGE_RENEWAL_STATUS:
        if retrying:
            return Change.PAYMENT_FAILED
        return Change.CANCELED if subtype is Subtype.AUTO_RENEW_DISABLED else Change.RESUMED
    return _CHANGES.get(kind) if kind else None


def _entries(
    told: ResponseBodyV2DecodedPayload, transaction: JWSTransactionDecodedPayload
) -> tuple[entries.Entry, ...]:
    """What the person paid. Apple's commission stands in its financial reports and in no notification."""
    id, price, currency = transaction.transactionId, transaction.price, transaction.currency
    if not id or not price or not currency:
        return ()
    upgraded = told.notificationType is Kind.DID_CHANGE_RENEWAL_PREF and told.subtype is Subtype.UPGRADE
    if told.notificationType in _CHARGED or upgraded:
        return (entries.charge(Provider.APPLE, id, from_thousandths(price, currency)),)
    if told.notificationType is Kind.REFUND:
        return (entries.refund(Provider.APPLE, f"{id}:refund", from_thousandths(price, currency)),)
    return ()


def _moment(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)
