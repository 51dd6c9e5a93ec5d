"""Signs in the place of the App Store, with certificates of these tests in the form of Apple's."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

BUNDLE, APP_ID = "com.aurawellness.app", 1234567890
PRODUCT = "com.aurawellness.premium.monthly"
_LEAF, _INTERMEDIATE = "1.2.840.113635.100.6.11.1", "1.2.840.113635.100.6.2.1"
"""Extensions of Apple's certificates that say what they are for: App Store receipts, Worldwide Developer Relations."""


class AppStore:
    """`root` is what chains end in, in PEM."""

    def __init__(self, *, marked: bool = True) -> None:
        """Without `marked`, the certificates lack the extensions of Apple's."""
        root_key, middle_key, self._key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        root = _certificate("root", root_key, "root", root_key, authority=True)
        middle = _certificate(
            "middle", middle_key, "root", root_key, authority=True, mark=_INTERMEDIATE if marked else ""
        )
        leaf = _certificate("leaf", self._key, "middle", middle_key, authority=False, mark=_LEAF if marked else "")
        self.root = root.public_bytes(Encoding.PEM).decode()
        self._chain = [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in (leaf, middle, root)]

    def sign(self, payload: dict[str, Any]) -> str:
        return jwt.encode(payload, self._key, algorithm="ES256", headers={"x5c": self._chain})

    def notification(
        self,
        kind: str,
        payer: str | None,
        *,
        subtype: str | None = None,
        id: str | None = None,
        at: int | None = None,
        retrying: bool = False,
        bundle: str = BUNDLE,
        **transaction: Any,
    ) -> dict[str, str]:
        """A body of responseBodyV2; times in Unix ms."""
        now = at or int(time.time() * 1000)
        signed_transaction = {
            "originalTransactionId": f"o-{payer}",
            "transactionId": f"t-{payer}",
            "bundleId": bundle,
            "productId": PRODUCT,
            "expiresDate": now + 30 * 86_400_000,
            "signedDate": now,
            "environment": "Production",
            "price": 9990,
            "currency": "USD",
            **({"appAccountToken": payer} if payer else {}),
            **transaction,
        }
        renewal = {"environment": "Production", "signedDate": now, "isInBillingRetryPeriod": retrying}
        return {
            "signedPayload": self.sign(
                {
                    "notificationType": kind,
                    **({"subtype": subtype} if subtype else {}),
                    "notificationUUID": id or str(uuid4()),
                    "version": "2.0",
                    "signedDate": now,
                    "data": {
                        "appAppleId": APP_ID,
                        "bundleId": bundle,
                        "environment": "Production",
                        "signedTransactionInfo": self.sign(signed_transaction),
                        "signedRenewalInfo": self.sign(renewal),
                    },
                }
            )
        }


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
    mark: str = "",
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=100))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if authority:
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
    if mark:
        builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier(mark), b"\x05\x00"), False)
    return builder.sign(issuer_key, hashes.SHA256())
