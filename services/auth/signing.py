"""Which keys the auth service publishes, and which of them signs.

A key is published before it signs. AWS Secrets Manager keeps the previous value of a secret; the auth service publishes
the keys of both, and the previous one signs until the current one is known everywhere.
"""

from __future__ import annotations

from joserfc.jwk import ECKey

ACTIVATION_SECONDS = 600
"""From the rotation until the new key signs. The operators see a new value of a secret after up to 60 s, the Pods are
replaced within 120 s, and a service fetches the keys again after 300 s at the latest (`services.kit.jwks`)."""


def jwks(keys: list[ECKey]) -> dict[str, list[dict[str, object]]]:
    """The public JWKS document of `keys`: the current key first, then those of tokens that have not expired."""
    return {"keys": [dict(key.as_dict(private=False)) for key in keys]}


def signing_key(keys: list[ECKey], current_since: float, now: float) -> ECKey:
    """Of the keys to publish, the one that signs at `now`.

    `current_since` is when the current key became the current value of the secret; both in Unix seconds.
    """
    return keys[-1] if now < current_since + ACTIVATION_SECONDS else keys[0]
