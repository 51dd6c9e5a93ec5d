"""STS: who an unknown key is, and credentials of sessions that are known to the endpoint afterwards."""

from __future__ import annotations

from typing import Any

from moto.iam.models import iam_backends
from moto.sts.models import STSBackend
from moto.sts.responses import TokenResponse

from local.cloud.context import ACCOUNT

_identity = STSBackend.get_caller_identity
_session = TokenResponse.get_session_token
_federated = TokenResponse.get_federation_token


def install() -> None:
    """Replaces methods of moto's classes."""
    STSBackend.get_caller_identity = _who
    TokenResponse.get_session_token = lambda self: _with_credentials(_session(self))
    TokenResponse.get_federation_token = lambda self: _with_credentials(_federated(self))


def _who(self: Any, access_key_id: str, region: str) -> tuple[str, str, str]:
    id, arn, account = _identity(self, access_key_id, region)
    if arn.endswith(":user/moto"):  # moto does not know the key
        return account, f"arn:aws:iam::{account}:root", account
    return id, arn, account


def _with_credentials(result: Any) -> Any:
    key = iam_backends[ACCOUNT]["aws"].create_temp_access_key()
    result.result["Credentials"] |= {"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key}
    return result
