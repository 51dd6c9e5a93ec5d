"""Verifies the App Store's notifications by Apple's own library: the certificates, the app, the environment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import msgspec
from appstoreserverlibrary.models.Environment import Environment
from appstoreserverlibrary.models.JWSTransactionDecodedPayload import JWSTransactionDecodedPayload
from appstoreserverlibrary.models.ResponseBodyV2DecodedPayload import ResponseBodyV2DecodedPayload
from appstoreserverlibrary.signed_data_verifier import SignedDataVerifier, VerificationException, VerificationStatus
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from contracts.decoding import of_others
from services.payments.providers.report import ProviderUnavailable, Refused


class Body(msgspec.Struct, frozen=True):
    """responseBodyV2: a JSON Web Signature."""

    signedPayload: str


@dataclass(frozen=True)
class Notification:
    """What Apple signed: the notification, and its transaction, which is signed once more; None where it has none."""

    told: ResponseBodyV2DecodedPayload
    transaction: JWSTransactionDecodedPayload | None
    retrying: bool
    """Apple still tries to take a payment that has failed."""


@dataclass(frozen=True)
class App:
    """Our app: `id` is its Apple ID, a number. `sandbox` takes test purchases, and only them."""

    bundle: str
    id: int
    sandbox: bool


class Verifier:
    def __init__(self, roots: str, app: App, *, revocation: bool = True) -> None:
        """`roots` are certificates in PEM, of which each chain must end in one; raises ValueError for anything else.

        With `revocation` Apple is asked whether a certificate is revoked, by OCSP.
        """
        certificates = [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(roots.encode())]
        environment = Environment.SANDBOX if app.sandbox else Environment.PRODUCTION
        self._verifier = SignedDataVerifier(certificates, revocation, environment, app.bundle, app.id)

    async def notification(self, body: bytes) -> Notification:
        """Raises Refused for what Apple did not sign for this app, ProviderUnavailable while OCSP does not answer."""
        try:
            signed = _decode(body).signedPayload
            return await asyncio.to_thread(self._verified, signed)
        except msgspec.DecodeError as error:
            raise Refused(f"no notification of the App Store: {error}") from error
        except VerificationException as error:
            if error.status is VerificationStatus.RETRYABLE_VERIFICATION_FAILURE:
                raise ProviderUnavailable("Apple does not say whether its certificate is revoked") from error
            raise Refused(f"not signed by the App Store for this app: {error}") from error

    def _verified(self, signed: str) -> Notification:
        told = self._structured(self._verifier.verify_and_decode_notification, signed)
        data, transaction, retrying = told.data, None, False
        if data and data.signedTransactionInfo:
            transaction = self._structured(
                self._verifier.verify_and_decode_signed_transaction, data.signedTransactionInfo
            )
        if data and data.signedRenewalInfo:
            renewal = self._structured(self._verifier.verify_and_decode_renewal_info, data.signedRenewalInfo)
            retrying = bool(renewal.isInBillingRetryPeriod)
        return Notification(told, transaction, retrying)

    @staticmethod
    def _structured(decode: Any, signed: str) -> Any:
        """The library passes on whatever its converter raises for a signed value of another shape."""
        try:
            return decode(signed)
        except VerificationException:
            raise
        except Exception as error:
            raise Refused(f"signed by the App Store, and of another shape than its documents say: {error}") from error


_decode = of_others(msgspec.json.Decoder(Body).decode)
