"""Which requests CloudFront's edge admits: a table over policies, addresses, times and paths."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from local.cloud.edge.signed import Refused, admit, viewed

NOW = 1_800_000_000.0
URL = "https://media.example.com/items/7/a%20b.mp3"
KEY = rsa.generate_private_key(65537, 2048)
KEYS = {"K1": KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()}


def signer(id: str = "K1", key: rsa.RSAPrivateKey = KEY) -> CloudFrontSigner:
    return CloudFrontSigner(id, lambda message: key.sign(message, padding.PKCS1v15(), SHA1()))


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW + seconds, UTC)


def policy(resource: str = URL, until: float = 60, since: float | None = None, address: str | None = None) -> str:
    begin = None if since is None else at(since)
    return signer().build_policy(resource, at(until), date_greater_than=begin, ip_address=address)


def statement(**conditions: Any) -> dict[str, Any]:
    until = {"DateLessThan": {"AWS:EpochTime": int(NOW) + 60}}
    return {"Statement": [{"Resource": URL, "Condition": {**until, **conditions}}]}


def refusal(url: str, address: str = "192.0.2.7", cookies: dict[str, str] | None = None) -> str:
    """CloudFront's code; "" if it admits the request."""
    parts = urlsplit(url)
    try:
        admit(viewed(parts.netloc, parts.path, parts.query, address, cookies or {}), KEYS, NOW)
    except Refused as refused:
        return refused.code
    return ""


def custom(**given: Any) -> str:
    return signer().generate_presigned_url(URL, policy=policy(**given))


CANNED = signer().generate_presigned_url(URL, date_less_than=at(60))
TABLE = {
    "canned": (CANNED, ""),
    "with another query": (signer().generate_presigned_url(f"{URL}?v=1", date_less_than=at(60)), ""),
    "expired": (signer().generate_presigned_url(URL, date_less_than=at(0)), "AccessDenied"),
    "another time": (CANNED.replace(f"={NOW + 60:.0f}", f"={NOW + 61:.0f}"), "AccessDenied"),
    "another path": (CANNED.replace("/7/", "/8/"), "AccessDenied"),
    "another host": (CANNED.replace("media.", "other."), "AccessDenied"),
    "another query": (CANNED.replace("?", "?v=1&"), "AccessDenied"),
    "no time": (CANNED.replace("Expires=", "Expires=x"), "AccessDenied"),
    "another signature": (CANNED.replace("Signature=", "Signature=AAAA"), "AccessDenied"),
    "no base64": (CANNED.replace("Signature=", "Signature=%"), "AccessDenied"),
    "unsigned": (URL, "MissingKey"),
    "unknown key": (signer("K2").generate_presigned_url(URL, date_less_than=at(60)), "InvalidKey"),
    "key of others": (
        signer("K1", rsa.generate_private_key(65537, 2048)).generate_presigned_url(URL, date_less_than=at(60)),
        "AccessDenied",
    ),
    "wildcard": (custom(resource="https://media.example.com/items/*"), ""),
    "wildcard elsewhere": (custom(resource="https://media.example.com/other/*"), "AccessDenied"),
    "not yet": (custom(since=10), "AccessDenied"),
    "already": (custom(since=-10), ""),
    "policy expired": (custom(until=-1), "AccessDenied"),
    "its address": (custom(address="192.0.2.7/32"), ""),
    "its network": (custom(address="192.0.2.0/24"), ""),
    "another address": (custom(address="192.0.2.8/32"), "AccessDenied"),
    **{
        f"malformed: {part}": (signer().generate_presigned_url(URL, policy=json.dumps(text)), "MalformedPolicy")
        for part, text in {
            "time": statement(DateLessThan={}),
            "begin": statement(DateGreaterThan={"AWS:EpochTime": "soon"}),
            "address": statement(IpAddress={"AWS:SourceIp": "somewhere"}),
            "condition": {"Statement": [{"Resource": URL, "Condition": []}]},
            "statement": {"Statement": ["*"]},
        }.items()
    },
    "no policy": (signer().generate_presigned_url(URL, policy="[]"), "MalformedPolicy"),
}


@pytest.mark.parametrize("case", TABLE)
def test_a_request_is_admitted_only_as_it_was_signed(case: str) -> None:
    url, expected = TABLE[case]
    assert refusal(url) == expected


def test_cookies_stand_for_the_parameters() -> None:
    query = urlsplit(custom(resource="https://media.example.com/*")).query
    cookies = {f"CloudFront-{name}": value for name, _, value in (part.partition("=") for part in query.split("&"))}
    assert refusal(URL, cookies=cookies) == ""
    assert refusal(URL, cookies={**cookies, "CloudFront-Key-Pair-Id": "K2"}) == "InvalidKey"
