"""Tokens issued by the auth service, and the keys it publishes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from joserfc.jwk import ECKey, KeySet, RSAKey

from contracts import signing_keys
from contracts.tokens import LIFETIME_SECONDS
from services.auth import issuing, signing
from services.auth.signing import ACTIVATION_SECONDS
from services.auth.tokens import issue
from services.kit.settings import DEFAULT_ISSUER
from services.kit.tokens import InvalidToken, Principal, parse, verify

NOW = 1_800_000_000.5


@pytest.fixture(scope="module")
def key() -> ECKey:
    return signing_keys.load(ECKey.generate_key("P-256").as_pem(private=True).decode())


def test_issued_tokens_verify_for_fifteen_minutes(key: ECKey) -> None:
    token = issue("ann", ["coach", "user"], key, NOW)
    keys = KeySet.import_key_set(signing.jwks([key]))  # pyright: ignore[reportArgumentType]
    for moment in (NOW, NOW + LIFETIME_SECONDS - 1):
        who = verify(parse(token), keys, issuer=DEFAULT_ISSUER, audience="aura", now=moment)
        assert who == Principal("ann", frozenset({"coach", "user"}))
    with pytest.raises(InvalidToken):
        verify(parse(token), keys, issuer=DEFAULT_ISSUER, audience="aura", now=NOW + LIFETIME_SECONDS + 10)


def test_the_key_id_is_its_thumbprint_and_the_private_key_is_not_published(key: ECKey) -> None:
    (published,) = signing.jwks([key])["keys"]
    assert published["kid"] == key.thumbprint() == signing_keys.load(key.as_pem(private=True).decode()).kid
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
    with pytest.raises(ValueError, match="a signing key is"):
        signing_keys.load(pem)


@pytest.mark.parametrize("user", ["", "a b", "a\0b", "zoë", 'a"b', "a\\b", "x" * 256])
def test_a_token_is_not_issued_for_a_subject_that_is_refused(key: ECKey, user: str) -> None:
    with pytest.raises(ValueError, match="subject"):
        issue(user, [], key, NOW)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"roles": ['a"b']}, "escape"),
        ({"roles": ["é"]}, "escape"),
        ({"roles": ["x" * 4000]}, "4096"),
        ({"lifetime": 1e13}, "12 digits"),
        ({"issuer": "https://a\\b"}, "escape"),
    ],
)
def test_a_token_that_would_be_refused_by_its_form_is_not_issued(key: ECKey, more: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        issue("ann", key=key, now=NOW, **{"roles": [], **more})


def test_the_longest_subject_is_issued(key: ECKey) -> None:
    assert parse(issue("x" * 255, [], key, NOW)).claims["sub"] == "x" * 255


def test_the_previous_key_signs_until_the_current_one_is_known_everywhere() -> None:
    new, old = (ECKey.generate_key("P-256").as_pem(private=True).decode() for _ in range(2))
    keys = signing_keys.load_all(new, old)
    signer = [signing.signing_key(keys, NOW, NOW + seconds).kid for seconds in (0, ACTIVATION_SECONDS - 1)]
    assert signer == [signing_keys.load(old).kid] * 2
    assert signing.signing_key(keys, NOW, NOW + ACTIVATION_SECONDS).kid == signing_keys.load(new).kid


@pytest.mark.parametrize("previous", ["", "not a key", "the same"])
def test_without_another_key_before_it_the_current_one_signs_at_once(previous: str) -> None:
    pem = ECKey.generate_key("P-256").as_pem(private=True).decode()
    keys = signing_keys.load_all(pem, pem if previous == "the same" else previous)
    assert [key.kid for key in keys] == [signing_keys.load(pem).kid]
    assert signing.signing_key(keys, NOW, NOW).kid == keys[0].kid


def test_the_issuer_signs_by_the_previous_key_until_the_new_one_is_known(
    key: ECKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [NOW]
    monkeypatch.setattr(issuing, "time", SimpleNamespace(time=lambda: now[0]))
    new = signing_keys.load(ECKey.generate_key("P-256").as_pem(private=True).decode())
    issuer = issuing.Issuer([new, key], DEFAULT_ISSUER)
    for after, signer in [(0, key), (ACTIVATION_SECONDS - 1, key), (ACTIVATION_SECONDS, new)]:
        now[0] = NOW + after
        token = issuer.issue("ann", ["user"], "session")
        assert parse(token).kid == signer.kid
        assert issuer.bearer(token).principal.user == "ann"
