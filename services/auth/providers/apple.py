"""Apple's client secret: a JWT that the client signs itself (Apple, "Creating a client secret"). Pure."""

from __future__ import annotations

from collections.abc import Callable

from joserfc import jwt
from joserfc.jwk import ECKey

from contracts import signing_keys

LIFETIME_SECONDS = 300
"""Apple takes up to six months. One that is made for each request needs no more than the clocks' difference."""


def client_secret(client_id: str, team_id: str, key_id: str, pem: str, audience: str) -> Callable[[float], str]:
    """Makes the secret for a request at that time (Unix seconds).

    `pem` is the private key that Apple gave to the team under `key_id`; raises ValueError for one that is none.
    """
    key = ECKey.import_key(signing_keys.load(pem).as_dict(private=True), {"kid": key_id})

    def at(now: float) -> str:
        claims = {
            "iss": team_id,
            "sub": client_id,
            "aud": audience,
            "iat": int(now),
            "exp": int(now) + LIFETIME_SECONDS,
        }
        return jwt.encode({"alg": signing_keys.ALGORITHM, "kid": key_id}, claims, key)

    return at
