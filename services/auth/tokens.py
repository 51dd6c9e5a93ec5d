"""Access tokens issued by this service (RFC 9068)."""

from __future__ import annotations

from collections.abc import Iterable

from joserfc import jwt
from joserfc.jwk import ECKey

from contracts.platform import TOKEN_AUDIENCE
from contracts.subjects import subject_error
from contracts.tokens import LIFETIME_SECONDS, form_error
from services.kit.settings import DEFAULT_ISSUER


def issue(
    user: str,
    roles: Iterable[str],
    key: ECKey,
    now: float,
    *,
    issuer: str = DEFAULT_ISSUER,
    lifetime: float = LIFETIME_SECONDS,
    session: str | None = None,
) -> str:
    """A signed access token of `user` (its subject), valid `lifetime` seconds from `now` (Unix seconds).

    `session` becomes `sid` (OpenID Connect Front-Channel Logout 1.0): the device that it was issued to.

    Raises ValueError instead of issuing a token that the gateway and the services refuse by its form.
    """
    if error := subject_error(user):
        raise ValueError(error)
    claims = {
        "iss": issuer,
        "aud": TOKEN_AUDIENCE,
        "sub": user,
        "iat": int(now),
        "exp": int(now + lifetime),
        "roles": sorted(roles),
        **({"sid": session} if session else {}),
    }
    token = jwt.encode({"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}, claims, key)
    if error := form_error(token):
        raise ValueError(error)
    return token
