"""Signed requests that no SDK would send."""

from __future__ import annotations

from collections.abc import Mapping

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.fixtures.cloud import KEY, REGION


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
