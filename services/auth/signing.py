"""The keys that sign access tokens: EC P-256 private keys (ES256, RFC 7518).

A key is published before it signs. AWS Secrets Manager keeps the previous value of a secret; the auth service publishes
the keys of both, and the previous one signs until the current one is known everywhere.
"""

from __future__ import annotations

from contextlib import suppress

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

ACTIVATION_SECONDS = 600
"""From the rotation until the new key signs. The operators see a new value of a secret after up to 60 s, the Pods are
replaced within 120 s, and a service fetches the keys again after 300 s at the latest (`services.kit.jwks`)."""


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


def load_all(current: str, previous: str) -> list[ECKey]:
    """The keys to publish: the current one, then the previous one if `previous` is the PEM of another.

    Raises ValueError if `current` is no signing key. A previous value that is none has signed nothing.
    """
    keys = [load(current)]
    with suppress(ValueError):
        keys += [key for key in [load(previous)] if key.kid != keys[0].kid]
    return keys


def signing_key(keys: list[ECKey], current_since: float, now: float) -> ECKey:
    """Of the keys to publish, the one that signs at `now`.

    `current_since` is when the current key became the current value of the secret; both in Unix seconds.
    """
    return keys[-1] if now < current_since + ACTIVATION_SECONDS else keys[0]
