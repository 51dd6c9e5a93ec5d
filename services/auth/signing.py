"""The key that signs access tokens: an EC P-256 private key (ES256, RFC 7518)."""

from __future__ import annotations

from joserfc.errors import JoseError
from joserfc.jwk import ECKey


def load(pem: str) -> ECKey:
    """The signing key in `pem`, named by its RFC 7638 thumbprint; raises ValueError for anything but a P-256 key."""
    try:
        key = ECKey.import_key(pem.strip())
    except (JoseError, ValueError, TypeError) as error:
        raise ValueError("SIGNING_KEY is not the PEM of an EC private key") from error
    if key.curve_name != "P-256" or not key.is_private:
        raise ValueError("SIGNING_KEY must be a private key on curve P-256")
    return ECKey.import_key(key.as_dict(private=True), {"kid": key.thumbprint(), "use": "sig", "alg": "ES256"})


def jwks(keys: list[ECKey]) -> dict[str, list[dict[str, object]]]:
    """The public JWKS document of `keys`: the current key first, then those of tokens that have not expired."""
    return {"keys": [dict(key.as_dict(private=False)) for key in keys]}
