"""Tokens of EKS: those that botocore signs are accepted, others are not."""

from __future__ import annotations

import base64
import secrets
from contextlib import suppress
from datetime import timedelta

import boto3
import pytest
from botocore.signers import RequestSigner
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.svc.eks.authentication import token

SECRET, GUESS = secrets.token_hex(20), secrets.token_hex(20)


def signed(cluster: str = "aura", secret: str = SECRET) -> str:
    """As `aws eks get-token` makes it."""
    session = boto3.Session("AKIDEXAMPLE", secret, region_name="us-west-2")
    client = session.client("sts")
    credentials = session.get_credentials()
    assert credentials is not None
    signer = RequestSigner(
        client.meta.service_model.service_id, "us-west-2", "sts", "v4", credentials, client.meta.events
    )
    url = "http://127.37.0.1:4566/?Action=GetCallerIdentity&Version=2011-06-15"
    request = {"method": "GET", "url": url, "body": {}, "headers": {"x-k8s-aws-id": cluster}, "context": {}}
    presigned = signer.generate_presigned_url(request, region_name="us-west-2", expires_in=60, operation_name="")
    return of_url(presigned.encode())


def of_url(url: bytes) -> str:
    return token.PREFIX + base64.urlsafe_b64encode(url).decode().rstrip("=")


def url_of(bearer: str) -> bytes:
    encoded = bearer.removeprefix(token.PREFIX)
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))


GENUINE = signed()
MOMENT = token.read(GENUINE).signed_at


def verify(bearer: str, cluster: str = "aura", later: float = 0) -> token.Claim:
    return token.verify(bearer, cluster, MOMENT + timedelta(seconds=later), {"AKIDEXAMPLE": SECRET}.get)


def test_token_proves_its_access_key() -> None:
    assert verify(GENUINE).access_key == "AKIDEXAMPLE"


@pytest.mark.parametrize(
    ("bearer", "cluster", "later", "why"),
    [
        (GENUINE, "another", 0, "not signed for cluster another"),
        (signed(secret=GUESS), "aura", 0, "not signed for cluster aura"),
        (GENUINE, "aura", 16 * 60, "signed 9"),
        (GENUINE, "aura", -120, "signed -"),
        (of_url(url_of(GENUINE) + b"%C3%A9"), "aura", 0, "not signed for cluster aura"),
        ("k8s-aws-v1.!!!", "aura", 0, "not a presigned URL"),
        ("eyJhbGciOiJub25lIn0.e30.", "aura", 0, "does not begin"),
    ],
)
def test_token_is_refused(bearer: str, cluster: str, later: float, why: str) -> None:
    with pytest.raises(token.BadToken, match=why):
        verify(bearer, cluster, later)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_changed_byte_is_refused_or_changes_nothing(position: int, change: int) -> None:
    url = bytearray(url_of(GENUINE))
    begin = url.index(b"?")  # the address before it is covered by the signed host, its scheme is not
    url[begin + position % (len(url) - begin)] ^= change
    forged = of_url(bytes(url))
    with suppress(token.BadToken):
        assert verify(forged) == token.read(GENUINE)  # such as %2f for %2F
