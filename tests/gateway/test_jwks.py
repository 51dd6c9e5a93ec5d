"""JWKS documents."""

from __future__ import annotations

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from local.gateway.haproxy.jwks import KeysUnavailable, public_keys


def test_the_key_decides_the_algorithm_and_only_public_halves_are_kept() -> None:
    ec, rsa = ECKey.generate_key("P-256", {"kid": "a"}), RSAKey.generate_key(2048, {"kid": "b"})
    found = public_keys({"keys": [rsa.as_dict(private=True), ec.as_dict(private=True)]})
    assert [(key.kid, key.algorithm) for key in found] == [("a", "ES256"), ("b", "RS256")]
    assert all(b"PRIVATE" not in key.pem for key in found)


def test_secrets_other_curves_and_odd_names_are_ignored() -> None:
    ignored = [
        OctKey.generate_key(256, {"kid": "secret"}).as_dict(private=True),
        OKPKey.generate_key("Ed25519", {"kid": "ed"}).as_dict(private=False),
        ECKey.generate_key("P-384", {"kid": "p384"}).as_dict(private=False),
        ECKey.generate_key("P-256", {"kid": "x } server"}).as_dict(private=False),
    ]
    kept = ECKey.generate_key("P-256", {"kid": "kept"}).as_dict(private=False)
    assert [key.kid for key in public_keys({"keys": [*ignored, kept]})] == ["kept"]


@pytest.mark.parametrize("document", [{}, {"keys": []}, {"keys": "none"}, {"keys": [{"kty": "EC"}]}])
def test_a_document_without_usable_keys_is_an_error(document: dict[str, object]) -> None:
    with pytest.raises(KeysUnavailable):
        public_keys(document)
