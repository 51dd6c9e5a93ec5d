"""Environment of the auth service."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from pydantic import SecretStr

from contracts.connections import KafkaVariables
from services.auth.providers import apple
from services.auth.providers.provider import Provider, ProviderName
from services.kit.settings import DEFAULT_ISSUER, ServiceSettings


class AuthSettings(ServiceSettings, KafkaVariables):  # pyright: ignore[reportIncompatibleVariableOverride]
    """SIGNING_KEY is the PEM of an EC P-256 private key; PREVIOUS_SIGNING_KEY, the one before, stays published.

    It signs until the current one is known everywhere, and then its tokens are still valid for their lifetime. Without
    DATABASE_URL the service publishes its keys and nobody can sign in; without KAFKA_BOOTSTRAP it erases no account
    and nobody has what they paid for. A provider is offered once it has a client id.
    """

    signing_key: SecretStr
    previous_signing_key: SecretStr = SecretStr("")
    token_issuer: str = DEFAULT_ISSUER
    database_url: SecretStr = SecretStr("")
    kafka_bootstrap: str = ""
    grpc_port: int = 9090

    public_url: str = "https://api.aurawellness.com"
    """Where the gateway leads here: providers send browsers back to it."""
    app_redirects: str = ""
    """Where apps take the end of a sign-in, separated by spaces."""

    google_issuer: str = "https://accounts.google.com"
    google_client_id: str = ""
    google_client_secret: SecretStr = SecretStr("")
    apple_issuer: str = "https://appleid.apple.com"
    apple_client_id: str = ""
    apple_team_id: str = ""
    apple_key_id: str = ""
    apple_key: SecretStr = SecretStr("")

    def providers(self) -> Mapping[ProviderName, Provider]:
        """Those that are offered; raises ValueError if Apple's key is none."""
        found: dict[ProviderName, Provider] = {}
        if self.google_client_id:
            secret = self.google_client_secret.get_secret_value()
            found[ProviderName.GOOGLE] = Provider(
                ProviderName.GOOGLE, self.google_issuer, self.google_client_id, lambda _: secret
            )
        if self.apple_client_id:
            key = self.apple_key.get_secret_value()
            signed = apple.client_secret(
                self.apple_client_id, self.apple_team_id, self.apple_key_id, key, self.apple_issuer
            )
            # Apple returns to the app by form_post whenever a scope is asked for.
            found[ProviderName.APPLE] = Provider(
                ProviderName.APPLE, self.apple_issuer, self.apple_client_id, signed, response_mode="form_post"
            )
        return found

    def callback(self, provider: str) -> str:
        """The redirect URI that is registered at `provider`."""
        return f"{self.public_url}/v1/auth/callback/{provider}"

    def redirects(self) -> list[str]:
        return self.app_redirects.split()

    def tls(self) -> ssl.SSLContext:
        """What verifies providers: the image's authorities, or without them the system's."""
        return ssl.create_default_context(cafile=self.ca_file or None)
