"""A signature in a header is good as long as nothing that it signs differs: what botocore signs is verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.http.signature import is_of_header
from local.cloud.service.errors import AwsError

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
SERVICES = {"s3": S3SigV4Auth, "eks": SigV4Auth}


def signed(service: str, path: str, query: Mapping[str, str], body: bytes, dated: bool = False) -> dict[str, Any]:
    """Arguments of `is_of_header` for a request as it arrives."""
    url = f"http://127.0.0.1:4566{quote(path, safe='/~')}"
    url += "?" + "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query.items())
    headers = {"Content-Type": "text/plain;  charset=utf-8"} | ({"Date": "now"} if dated else {})
    request = AWSRequest("PUT", url, headers, body)
    SERVICES[service](Credentials("key", "secret", "token"), service, "us-west-2").add_auth(request)
    sent = {"host": "127.0.0.1:4566", **{name.lower(): value for name, value in request.headers.items()}}
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return {"method": "PUT", "path": urlsplit(url).path, "query": pairs, "headers": sent, "body": body}


def is_good(request: dict[str, Any], secret: str = "secret") -> bool:
    return is_of_header(**request, secret_of=lambda key: secret if key == "key" else None)


@given(
    st.sampled_from(sorted(SERVICES)),
    TEXT.filter(lambda text: ".." not in text),
    st.dictionaries(TEXT.filter(bool), TEXT, max_size=3),
    st.binary(max_size=20),
    st.booleans(),
)
def test_what_is_signed_with_the_secret_of_its_key_is_good_and_nothing_else(
    service: str, path: str, query: dict[str, str], body: bytes, dated: bool
) -> None:
    request = signed(service, "/" + path, query, body, dated)
    assert is_good(request)
    assert not is_good(request, "another")
    assert not is_good(request | {"method": "DELETE"})
    assert not is_good(request | {"path": request["path"] + "a"})
    assert not is_good(request | {"query": [*request["query"], ("a", "b")]})
    assert not is_good(request | {"headers": request["headers"] | {"x-amz-security-token": "another"}})
    if service != "s3":  # S3 names the digest of a body in a header
        assert not is_good(request | {"body": body + b"."})


@pytest.mark.parametrize(
    "header",
    [
        *("", "AWS4-HMAC-SHA256", "Bearer of=bad news"),
        "AWS4-HMAC-SHA256 Credential=key, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=another/20260101/us-west-2/eks/aws4_request, ITS",
        "AWS4-HMAC-SHA256 AnotherCredential=another/20260101/us-west-2/eks/aws4_request, ITS",
    ],
)
def test_what_is_no_signature_is_refused_as_such(header: str) -> None:
    request = signed("eks", "/clusters", {}, b"")
    header = header.replace("ITS", request["headers"]["authorization"].partition(" ")[2])
    with pytest.raises(AwsError) as refused:
        is_good(request | {"headers": request["headers"] | {"authorization": header}})
    assert refused.value.code == "IncompleteSignature"
