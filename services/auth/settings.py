"""Environment of the auth service."""

from __future__ import annotations

from pydantic import SecretStr

from services.kit.settings import ServiceSettings


class AuthSettings(ServiceSettings):
    """SIGNING_KEY is the PEM of an EC P-256 private key; PREVIOUS_SIGNING_KEY stays published after a rotation."""

    signing_key: SecretStr
    previous_signing_key: SecretStr = SecretStr("")
