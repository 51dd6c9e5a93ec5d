"""Verification of access tokens."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.datastructures import Headers

from services.kit.tokens import InvalidToken, Principal, bearer, parse, verify

NOW = 1_800_000_000
ISSUER = "https://auth.aurawellness.com"


@pytest.fixture(scope="module")
def key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "k1"})


@pytest.fixture(scope="module")
def principal(key: ECKey) -> Callable[[str], Principal]:
    keys = KeySet([ECKey.import_key(key.as_dict(private=False))])
    return lambda token: verify(parse(token), keys, issuer=ISSUER, audience="aura", now=NOW)


def token(key: ECKey, header: dict[str, Any] | None = None, **changed: Any) -> str:
    full = {"iss": ISSUER, "aud": "aura", "sub": "ann", "exp": NOW + 60, "roles": ["user"]} | changed
    claims = {name: value for name, value in full.items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": "k1", **(header or {})}, claims, key)


def base64url(value: dict[str, str] | bytes) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_valid_token_authenticates_the_caller(key: ECKey, principal: Callable[[str], Principal]) -> None:
    assert principal(token(key)) == Principal("ann", frozenset({"user"}))
    assert principal(token(key, aud=["other", "aura"], roles=None)) == Principal("ann")


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": NOW - 6}, {"exp": None}, {"iss": "https://other"}, {"iss": None}, {"aud": "other"}, {"aud": None},
        {"aud": ["other"]}, {"sub": None}, {"sub": ""}, {"sub": 7}, {"nbf": NOW + 60}, {"roles": "admin"},
        {"roles": [1]},
    ],
)  # fmt: skip
def test_a_claim_that_is_missing_or_wrong_is_refused(
    key: ECKey, principal: Callable[[str], Principal], changed: dict[str, Any]
) -> None:
    with pytest.raises(InvalidToken):
        principal(token(key, **changed))


def test_other_keys_and_algorithms_are_refused(key: ECKey, principal: Callable[[str], Principal]) -> None:
    genuine = token(key)
    head, body, signature = genuine.split(".")
    text = f"{base64url({'alg': 'HS256', 'kid': 'k1'})}.{body}"  # signed with the public key
    hs256 = f"{text}.{base64url(hmac.digest(key.as_pem(private=False), text.encode(), 'sha256'))}"
    forged = [
        token(ECKey.generate_key("P-256")),
        f"{head}.{token(key, sub='root').split('.')[1]}.{signature}",
        f"{head}.{body}.",
        hs256,
        f"{base64url({'alg': 'none', 'kid': 'k1'})}.{body}.",
        "",
        "a.b.c",
    ]
    for text in forged:
        with pytest.raises(InvalidToken):
            principal(text)


def test_clock_skew_is_tolerated(key: ECKey, principal: Callable[[str], Principal]) -> None:
    assert principal(token(key, exp=NOW - 4)).user == "ann"


@pytest.mark.parametrize("text", ["", "not a token", "a.b.c", "é.é.é", "\ud800"])
def test_a_text_that_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(InvalidToken):
        parse(text)


def test_the_token_is_read_from_the_header_or_the_subprotocol() -> None:
    offered = ("Sec-WebSocket-Protocol", "bearer, abc")
    assert (
        bearer(headers(("Authorization", "Bearer abc"))) == bearer(headers(("authorization", "bEARER  abc "))) == "abc"
    )
    assert bearer(headers(offered)) == bearer(headers(("sec-websocket-protocol", "bearer,abc"))) == "abc"
    assert bearer(headers(("Authorization", "Bearer abc"), ("Sec-WebSocket-Protocol", "bearer, x"))) == "abc"


@pytest.mark.parametrize(
    "given",
    [
        [], [("Authorization", "Basic abc"), ("Sec-WebSocket-Protocol", "bearer, x")], [("Authorization", "Bearer")],
        [("Authorization", "Bearer a b")], [("Authorization", "Bearer\ta")], [("Authorization", "Bearer \xa0a")],
        [("Authorization", "Bearer a"), ("Authorization", "Bearer a")], [("Sec-WebSocket-Protocol", "bearer")],
        [("Sec-WebSocket-Protocol", "bearer, a, b")], [("Sec-WebSocket-Protocol", "Bearer, a")],
        [("Sec-WebSocket-Protocol", "bearer"), ("Sec-WebSocket-Protocol", "a")],
    ],
)  # fmt: skip
def test_any_other_way_to_send_a_token_is_refused(given: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidToken):
        bearer(headers(*given))


def headers(*given: tuple[str, str]) -> Headers:
    return Headers(raw=[(name.lower().encode(), value.encode("latin-1")) for name, value in given])
