"""Credentials from KongConsumers and their Secrets."""

from __future__ import annotations

import pytest
from joserfc.jwk import ECKey, RSAKey

from local.gateway.objects import KongConsumer, Secret
from local.gateway.routing.credentials import Credentials, collect
from tests.gateway import objects

KEY = ECKey.generate_key("P-256", {"kid": "a"})
RSA = RSAKey.generate_key(2048, {"kid": "b"})


def collected(*consumers: KongConsumer, secrets: tuple[Secret, ...]) -> Credentials:
    return collect(consumers, {one.key: one for one in secrets})


def test_the_keys_of_all_credentials_verify_tokens_each_by_its_algorithm() -> None:
    secrets = objects.credential(KEY), objects.credential(RSA, "RS256")
    found = collected(objects.consumer(*secrets), secrets=secrets)
    assert [(one.key, one.algorithm) for one in found.usable] == [("a", "ES256"), ("b", "RS256")]
    assert found.problems == {("aura", "auth"): ()}


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        (objects.credential(KEY, key=""), "the field key is missing"),
        (objects.credential(KEY, ""), "the field algorithm is missing"),
        (objects.credential(KEY, rsa_public_key="PEM"), "is not the PEM of a public key"),
        (objects.credential(KEY, rsa_public_key=KEY.as_pem(private=True).decode()), "is not the PEM of a public key"),
        (objects.credential(KEY, "RS256"), "algorithm must be ES256"),
        (objects.credential(KEY, "HS256"), "algorithm must be ES256"),
        (objects.credential(ECKey.generate_key("P-384", {"kid": "c"})), "must be of P-256"),
        (objects.credential(RSAKey.generate_key(1024, {"kid": "c"}), "RS256"), "RSA with 2048 bits"),
        (objects.credential(ECKey.generate_key("P-256", {"kid": "x } server"})), "no key id"),
        (objects.secret_of("plain", key="a"), "needs the label konghq.com/credential: jwt"),
    ],
)
def test_an_unusable_credential_verifies_nothing_and_is_named(secret: Secret, problem: str) -> None:
    good = objects.credential(RSA, "RS256")
    found = collected(objects.consumer(secret, good), secrets=(secret, good))
    assert [one.key for one in found.usable] == ["b"]
    (said,) = found.problems["aura", "auth"]
    assert said.startswith(f'credential "{secret.key[1]}" failure: ')
    assert problem in said


def test_a_secret_that_no_consumer_of_our_class_names_verifies_nothing() -> None:
    secret = objects.credential(KEY)
    other = objects.consumer(secret, ingress_class="nginx")
    assert collected(other, objects.consumer(name="empty"), secrets=(secret,)).usable == ()
    missing = collected(objects.consumer(secret), secrets=())
    assert (missing.usable, len(missing.problems["aura", "auth"])) == ((), 1)


def test_a_key_belongs_to_one_consumer() -> None:
    secret, again = objects.credential(KEY), objects.credential(RSA, "RS256", key="a")
    found = collected(
        objects.consumer(secret, name="one"), objects.consumer(again, name="two"), secrets=(secret, again)
    )
    assert [(one.key, one.algorithm) for one in found.usable] == [("a", "ES256")]
    assert [len(found.problems["aura", name]) for name in ("one", "two")] == [0, 1]
