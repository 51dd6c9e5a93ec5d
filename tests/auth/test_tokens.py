"""Tokens issued by the auth service, and the keys it publishes."""

from __future__ import annotations

import pytest
from joserfc.jwk import ECKey, KeySet, RSAKey

from services.auth import signing
from services.auth.tokens import LIFETIME_SECONDS, issue
from services.kit.settings import DEFAULT_ISSUER
from services.kit.tokens import InvalidToken, Principal, verify

NOW = 1_800_000_000.5


@pytest.fixture(scope="module")
def key() -> ECKey:
    return signing.load(ECKey.generate_key("P-256").as_pem(private=True).decode())


def test_issued_tokens_verify_for_fifteen_minutes(key: ECKey) -> None:
    token = issue("ann", ["coach", "user"], key, NOW)
    keys = KeySet.import_key_set(signing.jwks([key]))  # pyright: ignore[reportArgumentType]
    for moment in (NOW, NOW + LIFETIME_SECONDS - 1):
        who = verify(token, keys, issuer=DEFAULT_ISSUER, audience="aura", now=moment)
        assert who == Principal("ann", frozenset({"coach", "user"}))
    with pytest.raises(InvalidToken):
        verify(token, keys, issuer=DEFAULT_ISSUER, audience="aura", now=NOW + LIFETIME_SECONDS + 10)


def test_the_key_id_is_its_thumbprint_and_the_private_key_is_not_published(key: ECKey) -> None:
    (published,) = signing.jwks([key])["keys"]
    assert published["kid"] == key.thumbprint() == signing.load(key.as_pem(private=True).decode()).kid
    assert "d" not in published
    assert (published["alg"], published["use"], published["crv"]) == ("ES256", "sig", "P-256")


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "not a key",
        ECKey.generate_key("P-256").as_pem(private=False).decode(),
        ECKey.generate_key("P-384").as_pem(private=True).decode(),
        RSAKey.generate_key(2048).as_pem(private=True).decode(),
    ],
)
def test_any_other_key_is_refused(pem: str) -> None:
    with pytest.raises(ValueError, match="SIGNING_KEY"):
        signing.load(pem)


def test_a_token_needs_a_user(key: ECKey) -> None:
    with pytest.raises(ValueError, match="user"):
        issue("", [], key, NOW)
