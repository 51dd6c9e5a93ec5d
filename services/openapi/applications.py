"""The applications of the services that have routes, made for their OpenAPI documents: nothing connects anywhere."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey
from pydantic import SecretStr

from contracts.platform import RegionRole
from services.auth import application as auth
from services.auth.settings import AuthSettings
from services.content import app as content
from services.content.settings import ContentSettings
from services.history import endpoints as history
from services.history.settings import HistorySettings
from services.openapi.merge import Part
from services.payments import app as payments
from services.payments.settings import PaymentsSettings
from services.region import endpoints as region
from services.region.holding import without_lease
from services.users import app as users
from services.users.settings import UsersSettings

STREAM = """\
Heart beats by WebSocket, which OpenAPI does not describe: `wss://stream.aurawellness.com/v1/stream` with an access
token, as `Authorization: Bearer <token>` or in a browser as the subprotocols `bearer, <token>`. A client sends a JSON
message a frame, `{"device": "watch-1", "seq": 17, "samples": [{"t": 1767225600123, "rr": 812.5}]}`, with `t` in Unix
milliseconds and `rr` in milliseconds. It keeps the frame until `{"ack": 17}` comes, and shows what comes with
`"type": "emergency_calm"`. The handshake is refused with 401 (the token), 429 or 503. docs/streaming.md has fields,
limits and close codes."""

_URL = SecretStr("postgresql://nowhere.invalid/none")


def parts() -> list[Part]:
    """One a service with routes, in the order in which a reader needs them."""
    stores: dict[str, Any] = {"database_url": _URL, "kafka_bootstrap": "nowhere.invalid:9092"}
    verified: dict[str, Any] = {**stores, "auth_service_host": "nowhere.invalid"}
    return [
        Part(
            "auth",
            auth.create(AuthSettings(signing_key=SecretStr(""), **stores), [ECKey.generate_key("P-256")]).openapi(),
            "Sign-in with Google and Apple, tokens, devices, roles: docs/sign-in.md.",
        ),
        Part(
            "users",
            users.create(UsersSettings(redis_url="redis://nowhere.invalid", **verified)).openapi(),
            "The caller: profile, check-ins, rewards, consents, the end of the account: docs/users.md.",
        ),
        Part(
            "content",
            content.create(_content_settings(verified)).openapi(),
            "The catalogue, recordings and search; below /admin what editors do: docs/content.md.",
        ),
        Part(
            "payments",
            payments.create(
                PaymentsSettings(
                    stripe_key=_URL, stripe_webhook_secret=_URL, app_url="https://nowhere.invalid", **verified
                )
            ).openapi(),
            "Subscriptions, what they entitle to, invoices: docs/payments.md.",
        ),
        Part(
            "history",
            history.create(HistorySettings(timeseries_url=_URL, **verified)).openapi(),
            "The caller's heart rate, variability and stress events: docs/history.md.",
        ),
        Part("ingest", {"paths": {}}, STREAM),
        Part(
            "region",
            region.create(lambda: without_lease("nowhere", RegionRole.ACTIVE)).openapi(),
            "Whether a region serves, asked by its own name: docs/regions.md.",
        ),
    ]


def _content_settings(verified: dict[str, Any]) -> ContentSettings:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    media = {"media_bucket": "nowhere", "media_url": "https://nowhere.invalid", "media_key_id": "nowhere"}
    return ContentSettings(media_key=SecretStr(pem), aws_region="us-west-2", **media, **verified)
