"""The keys that sign access tokens: EC P-256 private keys (ES256, RFC 7518), named by their RFC 7638 thumbprint.

The auth service publishes their public halves as a JWKS, the operators give them to the gateway: both read the same
secret, and both must name and choose the keys alike.
"""

from __future__ import annotations

from contextlib import suppress

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

ALGORITHM = "ES256"


def load(pem: str) -> ECKey:
    """The signing key in `pem`, named by its thumbprint; raises ValueError for anything but a P-256 private key."""
    try:
        key = ECKey.import_key(pem.strip())
    except (JoseError, ValueError, TypeError) as error:
        raise ValueError("a signing key is the PEM of an EC private key") from error
    if key.curve_name != "P-256" or not key.is_private:
        raise ValueError("a signing key is a private key on curve P-256")
    return ECKey.import_key(key.as_dict(private=True), {"kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM})


def load_all(current: str, *previous: str) -> list[ECKey]:
    """The keys to publish: the current one, then those of `previous` that are PEMs of others.

    Raises ValueError if `current` is no signing key. A previous value that is none has signed nothing.
    """
    keys = {key.kid: key for key in [load(current)]}
    for pem in previous:
        with suppress(ValueError):
            key = load(pem)
            keys.setdefault(key.kid, key)
    return list(keys.values())
