"""URLs by which CloudFront gives one recording, for a while, to whoever has them."""

from __future__ import annotations

from datetime import datetime

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_private_key


class Signer:
    """`url` is where recordings are, `key_id` CloudFront's id of the public half of `private_key` (PEM)."""

    def __init__(self, url: str, key_id: str, private_key: str) -> None:
        key = load_pem_private_key(private_key.encode(), None)
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("MEDIA_KEY is no RSA key")
        self._url = url.rstrip("/")
        # SHA-1 is what CloudFront takes.
        self._signer = CloudFrontSigner(key_id, lambda message: key.sign(message, padding.PKCS1v15(), SHA1()))

    def sign(self, key: str, until: datetime) -> str:
        """A URL of the object `key`, good until then."""
        return self._signer.generate_presigned_url(f"{self._url}/{key}", date_less_than=until)
