"""Verification of access tokens by signature, issuer, audience and expiry (RFC 9068, RFC 7519)."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact
from starlette.requests import HTTPConnection

from services.kit.jwks import Jwks
from services.kit.settings import TokenSettings

ALGORITHMS = ["ES256", "RS256"]
LEEWAY_SECONDS = 5
"""Tolerated clock skew."""

SUBPROTOCOL = "bearer"
"""Browsers cannot set headers on a WebSocket: they offer the subprotocols `bearer, <token>` instead."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated caller: `user` is the token's subject, `expires` the Unix seconds at which the token ends."""

    user: str
    roles: frozenset[str] = frozenset()
    expires: float = field(default=math.inf, compare=False)


class InvalidToken(Exception):
    """The token does not authenticate the caller; the text says why and is safe to return."""


def key_id(token: str) -> str:
    """The `kid` of the token's header, not yet verified; raises InvalidToken if the token is not a JWS."""
    try:
        kid = extract_compact(token.encode()).headers().get("kid")
    except (JoseError, ValueError) as error:
        raise InvalidToken("not a signed JSON web token") from error
    if not isinstance(kid, str):
        raise InvalidToken("the token's header has no kid")
    return kid


def verify(token: str, keys: KeySet, *, issuer: str, audience: str, now: float) -> Principal:
    """The caller, if `token` is signed with one of `keys` and valid at `now` (Unix seconds), or InvalidToken."""
    rules = jwt.JWTClaimsRegistry(
        now=int(now),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        sub={"essential": True},
        exp={"essential": True},
    )
    try:
        claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        rules.validate(claims)
    except JoseError as error:
        raise InvalidToken(error.description or error.error) from error
    except ValueError as error:
        raise InvalidToken("the token could not be read with the key that its kid names") from error
    user, roles = claims["sub"], claims.get("roles", [])
    if not isinstance(user, str) or not user:
        raise InvalidToken("sub must be a non-empty string")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise InvalidToken("roles must be a list of strings")
    return Principal(user, frozenset(roles), claims["exp"])


def bearer(authorization: str | None, subprotocols: Iterable[str] = ()) -> str:
    """The token of the Authorization header, or else of the subprotocols; raises InvalidToken without one."""
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return token.strip()
        raise InvalidToken("the Authorization header must read: Bearer <token>")
    offered = list(subprotocols)
    if len(offered) == 2 and offered[0] == SUBPROTOCOL:
        return offered[1]
    raise InvalidToken("no token: send it in the Authorization header")


class Verifier:
    """Verifies tokens with the auth service's current keys."""

    def __init__(self, keys: Jwks, issuer: str, audience: str) -> None:
        self.keys = keys
        self.issuer = issuer
        self.audience = audience

    @classmethod
    def from_settings(cls, settings: TokenSettings) -> Verifier:
        return cls(Jwks(settings.keys_url()), settings.token_issuer, settings.token_audience)

    async def principal(self, token: str) -> Principal:
        """The caller; raises InvalidToken (401) or KeysUnavailable (503)."""
        keys = await self.keys.key_set(key_id(token))
        return verify(token, keys, issuer=self.issuer, audience=self.audience, now=time.time())

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        """The caller of a request or WebSocket, by header or subprotocol; raises like `principal`."""
        return await self.principal(
            bearer(connection.headers.get("authorization"), connection.scope.get("subprotocols", ()))
        )
