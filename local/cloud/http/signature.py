"""Signatures in a header, in a URL, or of the policy in a form. Whoever has one of the last two needs no credentials.

The date of a signature in a header and the digest that such a request names for its body are taken as they are.
Source: Signature Version 4 in the IAM User Guide, "Create a signed AWS API request", and in the API Reference of
Amazon S3, "Using query parameters" and "Browser-based uploads".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, quote

from botocore.auth import HmacV1QueryAuth
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from botocore.utils import normalize_url_path

from local.cloud.service.errors import AwsError

MAX_EXPIRES_SECONDS = 7 * 24 * 3600
_WRONG = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)
SecretOf = Callable[[str], str | None]
_TIME = "%Y%m%dT%H%M%SZ"
_FIELDS = {"Credential", "SignedHeaders", "Signature"}
_PATH_AS_SENT = ("s3", "s3express", "s3-outposts")
"""Signing names of the services that sign a path as it is; the others normalize and escape it once more."""


def is_of_header(
    method: str, path: str, query: list[tuple[str, str]], headers: Mapping[str, str], body: bytes, secret_of: SecretOf
) -> bool:
    """Whether the signature in the header Authorization is made with the secret of the key that it names.

    Names of `headers` are in lower case, `path` is as sent. Raises AwsError for a header that is no signature.
    """
    try:
        parts = headers["authorization"].partition(" ")[2].split(",")
        fields = dict(part.strip().split("=", 1) for part in parts)
        if len(parts) != len(_FIELDS) or fields.keys() != _FIELDS:
            raise ValueError(f"it has {', '.join(sorted(_FIELDS))}, each once")
        access_key, scope = fields["Credential"].split("/", 1)
        signed, signature = fields["SignedHeaders"], fields["Signature"]
        at = headers.get("x-amz-date") or parsedate_to_datetime(headers["date"]).astimezone(UTC).strftime(_TIME)
    except (KeyError, ValueError) as error:
        message = f"The request signature does not conform to AWS standards: {error}"
        raise AwsError("IncompleteSignature", message, 403) from error
    payload = headers.get("x-amz-content-sha256") or hashlib.sha256(body).hexdigest()
    canonical = _canonical(method, path, query, headers, signed, payload, scope)
    expected = _version_4(canonical, at, scope, _secret(access_key, secret_of))
    return hmac.compare_digest(expected.encode(), signature.encode())


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
        access_key, scope = values["X-Amz-Credential"].split("/", 1)
        signed_at = datetime.strptime(values["X-Amz-Date"], _TIME).replace(tzinfo=UTC)
        seconds = int(values["X-Amz-Expires"])
        signed = values["X-Amz-SignedHeaders"]
    except (KeyError, ValueError) as error:
        raise AwsError("AuthorizationQueryParametersError", f"Query parameters are not valid: {error}", 400) from error
    if not 0 <= seconds <= MAX_EXPIRES_SECONDS:
        message = f"X-Amz-Expires must be between 0 and {MAX_EXPIRES_SECONDS} seconds"
        raise AwsError("AuthorizationQueryParametersError", message, 400)
    if now > signed_at + timedelta(seconds=seconds) or signed_at > now + timedelta(minutes=15):
        raise AwsError("AccessDenied", "Request has expired" if now > signed_at else "Request is not valid yet", 403)
    rest = [(name, value) for name, value in query if name != "X-Amz-Signature"]
    payload = headers.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
    canonical = _canonical(method, path, rest, headers, signed, payload, scope)
    _compare(
        _version_4(canonical, values["X-Amz-Date"], scope, _secret(access_key, secret_of)), values["X-Amz-Signature"]
    )


def _canonical(
    method: str,
    path: str,
    query: list[tuple[str, str]],
    headers: Mapping[str, str],
    signed: str,
    payload: str,
    scope: str,
) -> str:
    """The canonical request; `signed` has the names of the signed headers with semicolons in between."""
    if not scope.endswith(tuple(f"/{service}/aws4_request" for service in _PATH_AS_SENT)):
        path = quote(normalize_url_path(path), safe="/~")
    pairs = sorted((_quoted(name), _quoted(value)) for name, value in query)
    return "\n".join(
        [
            method,
            path,
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in signed.split(";")),
            "",
            signed,
            payload,
        ]
    )


def _version_4(canonical: str, at: str, scope: str, secret: str) -> str:
    """The signature; `scope` is date/region/service/aws4_request."""
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    date, region, service, *_ = [*scope.split("/"), "", "", ""]
    return hmac.new(_signing_key(secret, date, region, service), text.encode(), hashlib.sha256).hexdigest()


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
