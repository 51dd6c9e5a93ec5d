"""Signed requests that no SDK would send."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.fixtures.cloud import KEY, REGION, Cloud


def headers(
    service: str,
    url: str,
    method: str = "POST",
    body: bytes = b"",
    more: Mapping[str, str] | None = None,
    secret: str = KEY,
    token: str | None = None,
    key: str = KEY,
) -> dict[str, str]:
    """`more` with the signature of the request by `service`'s signing name; the path of `url` has no escapes."""
    request = AWSRequest(method, url, {**(more or {})}, body)
    SigV4Auth(Credentials(key, secret, token), service, REGION).add_auth(request)
    return dict(request.headers.items())


def s3_status(cloud: Cloud, method: str, path: str, sent: dict[str, str], body: bytes | None = None) -> int:
    """With which a request is answered that has these headers as they are."""
    url = f"{cloud.site.endpoint_url}/{path}"
    signed = headers("s3", url, method, body or b"", {"Content-Type": "text/plain", **sent})
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, signed, method=method), timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
