"""Environment of the auth service."""

from __future__ import annotations

from pydantic import SecretStr

from services.kit.settings import ServiceSettings


class AuthSettings(ServiceSettings):
    """SIGNING_KEY is the PEM of an EC P-256 private key; PREVIOUS_SIGNING_KEY, the one before, stays published.

    It signs until the current one is known everywhere, and then its tokens are still valid for their lifetime.
    """

    signing_key: SecretStr
    previous_signing_key: SecretStr = SecretStr("")
