"""Stripe's signature of a webhook ("Verify webhook signatures"), by its own library."""

from __future__ import annotations

from stripe import SignatureVerificationError, WebhookSignature

from services.payments.providers.report import Refused

TOLERANCE_SECONDS = 300
"""Of the signature's age: an old request is not replayed. Stripe signs each delivery anew."""


def verify(payload: bytes, header: str, secret: str) -> None:
    """Raises Refused unless Stripe signed `payload` within the tolerance."""
    try:
        WebhookSignature.verify_header(payload, header, secret, TOLERANCE_SECONDS)
    except SignatureVerificationError as error:
        raise Refused(
            f"Stripe-Signature is missing, not by the secret of this webhook, or older than {TOLERANCE_SECONDS} s"
        ) from error
    except UnicodeError as error:
        raise Refused("the payload is not UTF-8") from error
