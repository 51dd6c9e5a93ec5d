"""Environment of the payments service."""

from __future__ import annotations

from pydantic import SecretStr

from contracts.connections import DatabaseVariables, KafkaVariables
from services.kit.settings import TokenSettings
from services.payments.providers.apple.verification import App, Verifier
from services.payments.providers.stripe.api import API


class PaymentsSettings(  # pyright: ignore[reportIncompatibleVariableOverride]
    TokenSettings, DatabaseVariables, KafkaVariables
):
    """DATABASE_URL, KAFKA_BOOTSTRAP, STRIPE_KEY, STRIPE_WEBHOOK_SECRET and APP_URL are required.

    Purchases in the App Store are taken once APPLE_ROOT_CERTIFICATES (PEM), APPLE_BUNDLE and APPLE_APP_ID are there.
    """

    stripe_key: SecretStr
    stripe_webhook_secret: SecretStr
    stripe_api: str = API
    app_url: str
    """A page of the app: Stripe sends the browser back to it."""
    apple_root_certificates: str = ""
    apple_bundle: str = ""
    apple_app_id: int = 0
    apple_sandbox: bool = False
    apple_revocation: bool = True
    """Whether Apple is asked if a certificate is revoked; those of another authority name nobody to ask."""
    pool_size: int = 8

    def verifier(self) -> Verifier | None:
        """None while the App Store is not set up; raises ValueError for certificates that are none."""
        if not (self.apple_root_certificates and self.apple_bundle and self.apple_app_id):
            return None
        app = App(self.apple_bundle, self.apple_app_id, self.apple_sandbox)
        return Verifier(self.apple_root_certificates, app, revocation=self.apple_revocation)
