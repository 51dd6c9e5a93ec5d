"""Credentials that are no longer good. A key that AWS would not make, such as `tester`, is the account's own.

Sources: AWS General Reference, "Common error types"; Amazon EC2 API Reference, "Error codes"; Amazon S3 API Reference,
"Error responses"; IAM User Guide, "Temporary security credentials".
"""

from __future__ import annotations

import hmac
from datetime import datetime
from enum import Enum, auto

from moto.core.utils import get_service_model

from local.cloud.moto_backends.lookups import user_key
from local.cloud.moto_backends.sts import MADE_BY_AWS, token_of
from local.cloud.service.errors import AwsError


class State(Enum):
    GOOD = auto()
    UNKNOWN = auto()
    """Of a session or a user that is gone or never was, of a session without its token, or switched off."""
    ENDED = auto()
    ANOTHER_TOKEN = auto()
    ANOTHER_SECRET = auto()
    """Of a key that the signature is not made with."""


def state(access_key: str, token: str, now: datetime) -> State:
    """Of a key that is sent with `token`, which is empty when there is none. Call under the context's lock."""
    issued = token_of(access_key)
    if issued is None:
        known = user_key(access_key)
        good = known.active if known else not access_key.startswith(MADE_BY_AWS)
        return State.GOOD if good else State.UNKNOWN
    if not token:
        return State.UNKNOWN
    if not hmac.compare_digest(token.encode(), issued.text.encode()):
        return State.ANOTHER_TOKEN
    return State.ENDED if issued.end <= now else State.GOOD


def refusal(found: State, service: str, protocol: str) -> AwsError | None:
    """The error of the service (botocore's name) whose `protocol` is botocore's; None for good credentials."""
    if found is State.GOOD:
        return None
    if found is State.ANOTHER_SECRET:
        return _wrong_signature(service, protocol)
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


def _wrong_signature(service: str, protocol: str) -> AwsError:
    if service == "ec2":
        return AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    message = (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method."
    )
    return AwsError("InvalidSignatureException" if "json" in protocol else "SignatureDoesNotMatch", message, 403)


def check(access_key: str, token: str, service: str, now: datetime) -> None:
    """Raises AwsError unless the credentials are good. Call under the context's lock."""
    refuse(state(access_key, token, now), service)


def refuse(found: State, service: str) -> None:
    """Raises the service's AwsError for what is not good."""
    if error := refusal(found, service, get_service_model(service).metadata["protocol"]):
        raise error
