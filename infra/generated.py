"""Secret values, generated once when a resource is created (the resources ignore later changes)."""

from __future__ import annotations

import secrets

import pulumi
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


def token() -> pulumi.Output[str]:
    """256 random bits in hexadecimal: RDS, MSK and ElastiCache, whose AUTH token takes no `_`, accept them."""
    return pulumi.Output.secret(secrets.token_hex(32))


def signing_key() -> pulumi.Output[str]:
    """A private key on P-256 as PKCS #8 PEM, for ES256."""
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return pulumi.Output.secret(key.private_bytes(serialization.Encoding.PEM, *form).decode())
