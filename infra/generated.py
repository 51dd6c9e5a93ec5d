"""Secret values, generated once when a resource is created (the resources ignore later changes)."""

from __future__ import annotations

import secrets

import pulumi
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa


def token() -> pulumi.Output[str]:
    """256 random bits in hexadecimal: RDS, MSK and ElastiCache, whose AUTH token takes no `_`, accept them."""
    return pulumi.Output.secret(secrets.token_hex(32))


def password() -> pulumi.Output[str]:
    """A token with a character of every kind that OpenSearch Service demands of its master user's password."""
    return pulumi.Output.secret(f"Aa0-{secrets.token_hex(32)}")


def signing_key() -> pulumi.Output[str]:
    """A private key on P-256 as PKCS #8 PEM, for ES256."""
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return pulumi.Output.secret(key.private_bytes(serialization.Encoding.PEM, *form).decode())


def media_key() -> pulumi.Output[str]:
    """A private RSA key of 2048 bits as PKCS #8 PEM, by which CloudFront's signed URLs are signed."""
    key = rsa.generate_private_key(65537, 2048)
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return pulumi.Output.secret(key.private_bytes(serialization.Encoding.PEM, *form).decode())


def public_half(private_key: str) -> str:
    """The public key of a private one, both in PEM; "" of one that is not known yet."""
    if not private_key:
        return ""
    key = serialization.load_pem_private_key(private_key.encode(), None).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()
