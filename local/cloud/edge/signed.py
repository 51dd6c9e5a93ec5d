"""Whether a viewer's request may have what it asks for, by its signed URL or cookies. Pure.

Source: Amazon CloudFront Developer Guide, "Use signed URLs" and "Use signed cookies": canned and custom policies, their
wildcards, and the form of base64 in URLs.
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_public_key

_PARAMETERS = ("Expires", "Policy", "Signature", "Key-Pair-Id")
_COOKIE = "CloudFront-"
_MALFORMED = ("MalformedPolicy", "Malformed Policy")
_DENIED = ("AccessDenied", "Access denied")


@dataclass(frozen=True)
class Refused(Exception):
    """Answered with 403, as CloudFront words it."""

    code: str
    message: str


@dataclass(frozen=True)
class Viewed:
    """A request: `url` as the viewer wrote it, without what signs it; `signing` is the latter."""

    url: str
    address: str
    signing: Mapping[str, str]


def viewed(host: str, path: str, query: str, address: str, cookies: Mapping[str, str]) -> Viewed:
    """`query` is the raw one. What the URL does not say is taken from cookies."""
    pairs = [pair for pair in query.split("&") if pair]
    named = {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
    signing = {name: named[name] for name in _PARAMETERS if name in named}
    kept = "&".join(pair for pair in pairs if pair.partition("=")[0] not in _PARAMETERS)
    if not signing:
        signing = {name: cookies[_COOKIE + name] for name in _PARAMETERS if _COOKIE + name in cookies}
    return Viewed(f"https://{host}{path}{'?' if kept else ''}{kept}", address, signing)


def admit(request: Viewed, keys: Mapping[str, str], now: float) -> None:
    """Raises Refused unless the request is signed by one of the trusted `keys` (PEM, by id) for now and for this."""
    signing = request.signing
    if "Key-Pair-Id" not in signing:
        raise Refused("MissingKey", "Missing Key-Pair-Id query parameter or cookie value")
    if signing["Key-Pair-Id"] not in keys:
        raise Refused("InvalidKey", "Unknown Key")
    if "Signature" not in signing or not {"Policy", "Expires"} & signing.keys():
        raise Refused(*_DENIED)
    policy = _decoded(signing["Policy"]) if "Policy" in signing else _canned(request.url, signing["Expires"])
    key = load_pem_public_key(keys[signing["Key-Pair-Id"]].encode())
    if not isinstance(key, RSAPublicKey):
        raise Refused(*_DENIED)
    try:
        key.verify(_decoded(signing["Signature"]), policy, padding.PKCS1v15(), SHA1())
    except InvalidSignature:
        raise Refused(*_DENIED) from None
    if not _allows(_statement(policy), request, now):
        raise Refused(*_DENIED)


def _canned(url: str, expires: str) -> bytes:
    if not re.fullmatch("[0-9]{1,12}", expires):
        raise Refused(*_DENIED)
    condition = {"DateLessThan": {"AWS:EpochTime": int(expires)}}
    policy = {"Statement": [{"Resource": url, "Condition": condition}]}
    return json.dumps(policy, separators=(",", ":")).encode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(*_DENIED) from None


@dataclass(frozen=True)
class _Statement:
    resource: str
    until: int
    since: int | None
    network: IPv4Network | IPv6Network | None


def _statement(policy: bytes) -> _Statement:
    try:
        (statement,) = json.loads(policy)["Statement"]
        condition = statement["Condition"]
        until, resource = condition["DateLessThan"]["AWS:EpochTime"], statement.get("Resource", "*")
        since = condition["DateGreaterThan"]["AWS:EpochTime"] if "DateGreaterThan" in condition else None
        source = condition["IpAddress"]["AWS:SourceIp"] if "IpAddress" in condition else None
        network = ip_network(source, strict=False) if source is not None else None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(*_MALFORMED) from None
    if not isinstance(until, int) or not isinstance(since, int | None) or not isinstance(resource, str):
        raise Refused(*_MALFORMED)
    return _Statement(resource, until, since, network)


def _allows(statement: _Statement, request: Viewed, now: float) -> bool:
    if not now < statement.until or (statement.since is not None and not now > statement.since):
        return False
    if statement.network is not None and ip_address(request.address) not in statement.network:
        return False
    pattern = re.sub(r"\[", "[[]", statement.resource)  # a bracket is no wildcard
    return fnmatch.fnmatchcase(request.url, pattern)
