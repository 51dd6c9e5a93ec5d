"""STS: who an unknown key is, and credentials of sessions that are known to the endpoint afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.iam.models import iam_backends
from moto.sts.models import STSBackend, sts_backends
from moto.sts.responses import TokenResponse
from moto.sts.utils import random_session_token

from local.cloud.context import ACCOUNT

MADE_BY_AWS = ("AKIA", "ASIA")
"""How the ids of keys of users and of sessions begin."""

_identity = STSBackend.get_caller_identity
_session = TokenResponse.get_session_token
_federated = TokenResponse.get_federation_token


@dataclass(frozen=True)
class SessionToken:
    """What comes with the key of a session, and until when both are good."""

    text: str
    end: datetime


def install() -> None:
    """Replaces methods of moto's classes."""
    STSBackend.get_caller_identity = _who
    TokenResponse.get_session_token = lambda self: keep_credentials(_session(self))
    TokenResponse.get_federation_token = lambda self: keep_credentials(_federated(self))


def token_of(access_key: str) -> SessionToken | None:
    """Of a session of a role, or of GetSessionToken and GetFederationToken; None for a key of no session."""
    role = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key)
    if role is not None:
        return SessionToken(role.session_token, aware(role.expiration))
    key: Any = iam_backends[ACCOUNT]["aws"].access_keys.get(access_key)
    token, end = getattr(key, "session_token", ""), getattr(key, "expiration", None)
    return SessionToken(token, aware(end)) if token and end else None


def aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _who(self: Any, access_key_id: str, region: str) -> tuple[str, str, str]:
    id, arn, account = _identity(self, access_key_id, region)
    if arn.endswith(":user/moto"):  # moto does not know the key
        return account, f"arn:aws:iam::{account}:root", account
    return id, arn, account


def keep_credentials(result: Any) -> Any:
    """moto keeps the key, and with it from here on its token and end."""
    key: Any = iam_backends[ACCOUNT]["aws"].create_temp_access_key()
    given = result.result["Credentials"]
    key.session_token, key.expiration = random_session_token(), given["Expiration"]
    given |= {"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key}
    given |= {"SessionToken": key.session_token}
    return result
