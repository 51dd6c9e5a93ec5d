"""Signatures in a URL, or of the policy in a form. Who has one of them needs no credentials, so they are verified.

Requests that are signed in a header are taken as signed by the key that they name.
Source: Signature Version 4 in the API Reference of Amazon S3, "Using query parameters" and "Browser-based uploads".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, quote

from botocore.auth import HmacV1QueryAuth
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from local.cloud.service.errors import AwsError

MAX_EXPIRES_SECONDS = 7 * 24 * 3600
_WRONG = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)
SecretOf = Callable[[str], str | None]


def verify_url(
    method: str, path: str, query: list[tuple[str, str]], headers: Mapping[str, str], now: datetime, secret_of: SecretOf
) -> None:
    """Raises AwsError when a presigned URL has expired or is not signed with the secret of its key.

    `path` is as sent, with its escapes. Passes what is not presigned.
    """
    values = dict(query)
    if "X-Amz-Signature" in values:
        _verify_version_4(method, path, query, headers, now, secret_of)
    elif {"AWSAccessKeyId", "Signature", "Expires"} <= values.keys():
        _verify_version_2(method, path, query, headers, now, secret_of)


def verify_form(fields: Mapping[str, str], now: datetime, secret_of: SecretOf) -> list[Any]:
    """The conditions of the policy of an upload by form.

    Raises AwsError when the policy has expired or is not signed with the secret of its key.
    """
    try:
        policy = json.loads(base64.b64decode(fields["policy"]))
        expires, conditions = _moment(policy["expiration"]), list(policy.get("conditions", []))
        expected, signature = _of_policy(fields, secret_of)
    except (KeyError, ValueError, TypeError) as error:
        raise AwsError("AccessDenied", f"Invalid according to Policy: {error}", 403) from error
    if now > expires:
        raise AwsError("AccessDenied", "Invalid according to Policy: Policy expired.", 403)
    _compare(expected, signature)
    return conditions


def _moment(text: str) -> datetime:
    """Raises ValueError for what is no time with a time zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"Invalid 'expiration' value: '{text}'")
    return moment


def _of_policy(fields: Mapping[str, str], secret_of: SecretOf) -> tuple[str, str]:
    """The signature of the policy, and the one that the form has. Raises KeyError or ValueError when it has none."""
    text = fields["policy"].encode()
    if "awsaccesskeyid" in fields:  # version 2
        secret = _secret(fields["awsaccesskeyid"], secret_of)
        digest = hmac.new(secret.encode(), text, hashlib.sha1).digest()
        return base64.b64encode(digest).decode(), fields["signature"]
    access_key, date, region, service, _ = fields["x-amz-credential"].split("/")
    key = _signing_key(_secret(access_key, secret_of), date, region, service)
    return hmac.new(key, text, hashlib.sha256).hexdigest(), fields["x-amz-signature"]


def _verify_version_4(
    method: str, path: str, query: list[tuple[str, str]], headers: Mapping[str, str], now: datetime, secret_of: SecretOf
) -> None:
    values = dict(query)
    try:
        access_key, date, region, service, _ = values["X-Amz-Credential"].split("/")
        signed_at = datetime.strptime(values["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        seconds = int(values["X-Amz-Expires"])
        signed = values["X-Amz-SignedHeaders"].split(";")
    except (KeyError, ValueError) as error:
        raise AwsError("AuthorizationQueryParametersError", f"Query parameters are not valid: {error}", 400) from error
    if not 0 <= seconds <= MAX_EXPIRES_SECONDS:
        message = f"X-Amz-Expires must be between 0 and {MAX_EXPIRES_SECONDS} seconds"
        raise AwsError("AuthorizationQueryParametersError", message, 400)
    if now > signed_at + timedelta(seconds=seconds) or signed_at > now + timedelta(minutes=15):
        raise AwsError("AccessDenied", "Request has expired" if now > signed_at else "Request is not valid yet", 403)
    pairs = sorted((_quoted(k), _quoted(v)) for k, v in query if k != "X-Amz-Signature")
    canonical = "\n".join(
        [
            method,
            path,
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in signed),
            "",
            ";".join(signed),
            headers.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        ]
    )
    scope = f"{date}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{values['X-Amz-Date']}\n{scope}\n{digest}"
    key = _signing_key(_secret(access_key, secret_of), date, region, service)
    _compare(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), values["X-Amz-Signature"])


def _verify_version_2(
    method: str, path: str, query: list[tuple[str, str]], headers: Mapping[str, str], now: datetime, secret_of: SecretOf
) -> None:
    values = dict(query)
    if not values["Expires"].isdigit() or now.timestamp() > int(values["Expires"]):
        raise AwsError("AccessDenied", "Request has expired", 403)
    access_key = values["AWSAccessKeyId"]
    auth = _QueryAuth(Credentials(access_key, _secret(access_key, secret_of)))
    auth.ends = values["Expires"]
    signed: Any = HTTPHeaders()
    for name, value in headers.items():
        if name.lower() in ("content-md5", "content-type") or name.lower().startswith("x-amz-"):
            signed[name] = value
    own = ("AWSAccessKeyId", "Signature", "Expires")
    rest = "&".join(f"{_quoted(k)}={_quoted(v)}" for k, v in query if k not in own)
    split = SplitResult("http", "", path, rest, "")
    _compare(auth.sign_string(auth.canonical_string(method, split, signed)), values["Signature"])


class _QueryAuth(HmacV1QueryAuth):
    """With the end of the URL that is verified, where botocore computes that of a new one."""

    ends = ""

    def _get_date(self) -> str:
        return self.ends


def _secret(access_key: str, secret_of: SecretOf) -> str:
    secret = secret_of(access_key)
    if secret is None:
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise AwsError("InvalidAccessKeyId", message, 403)
    return secret


def _compare(expected: str, given: str) -> None:
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise AwsError("SignatureDoesNotMatch", _WRONG, 403)


def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
