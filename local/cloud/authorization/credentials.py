"""Credentials that are no longer good. A key of no user and no session is the account's own, and always good.

Sources: AWS General Reference, "Common error types"; Amazon EC2 API Reference, "Error codes"; Amazon S3 API Reference,
"Error responses"; IAM User Guide, "Temporary security credentials".
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from enum import Enum, auto

from moto.core.utils import get_service_model
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from local.cloud.context import ACCOUNT
from local.cloud.service.errors import AwsError

_TEMPORARY = "ASIA"
"""How keys of sessions begin, and no others."""


class State(Enum):
    GOOD = auto()
    UNKNOWN = auto()
    """Of a session that was forgotten or never was, without its token, or switched off."""
    ENDED = auto()
    ANOTHER_TOKEN = auto()


def state(access_key: str, token: str, now: datetime) -> State:
    """Of a key that is sent with `token`, which is empty when there is none. Call under the context's lock."""
    session = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key)
    iam = iam_backends[ACCOUNT]["aws"]
    if session is None:
        forgotten = access_key.startswith(_TEMPORARY) and access_key not in iam.access_keys
        return State.UNKNOWN if forgotten or _is_inactive(access_key) else State.GOOD
    if not token:
        return State.UNKNOWN
    if not hmac.compare_digest(token.encode(), session.session_token.encode()):
        return State.ANOTHER_TOKEN
    expiration = session.expiration
    ends = expiration if expiration.tzinfo else expiration.replace(tzinfo=UTC)
    return State.ENDED if ends <= now else State.GOOD


def refusal(found: State, service: str, protocol: str) -> AwsError | None:
    """The error of the service (botocore's name) whose `protocol` is botocore's; None for good credentials."""
    if found is State.GOOD:
        return None
    ended = found is State.ENDED
    message = f"The security token included in the request is {'expired' if ended else 'invalid'}"
    if service == "s3":
        if found is State.UNKNOWN:
            unknown = "The AWS Access Key Id you provided does not exist in our records."
            return AwsError("InvalidAccessKeyId", unknown, 403)
        return AwsError("ExpiredToken" if ended else "InvalidToken", message, 400)
    if service == "ec2":
        return AwsError("RequestExpired", message, 400) if ended else AwsError("AuthFailure", message, 401)
    if "json" in protocol:
        return AwsError("ExpiredTokenException" if ended else "UnrecognizedClientException", message, 403)
    return AwsError("ExpiredToken" if ended else "InvalidClientTokenId", message, 403)


def check(access_key: str, token: str, service: str, now: datetime) -> None:
    """Raises AwsError unless the credentials are good. Call under the context's lock."""
    protocol = get_service_model(service).metadata["protocol"]
    if error := refusal(state(access_key, token, now), service, protocol):
        raise error


def _is_inactive(access_key: str) -> bool:
    users = iam_backends[ACCOUNT]["aws"].users.values()
    return any(key.access_key_id == access_key and key.status != "Active" for user in users for key in user.access_keys)
