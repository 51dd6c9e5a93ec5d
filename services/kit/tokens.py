"""Verification of access tokens by form, signature, issuer, audience and time (RFC 9068, RFC 7519).

The gateway judges by the same rules: contracts/tokens.py says in which form a token comes, docs/tokens.md the rest.
"""

from __future__ import annotations

import json
import math
import re
import time
from dataclasses import dataclass, field
from typing import Any

from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from contracts.tokens import AUTHORIZATION, LEEWAY_SECONDS, SUBPROTOCOLS, decode, form_error
from services.kit.jwks import Jwks, algorithm_of
from services.kit.settings import TokenSettings


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated caller: `user` is the token's subject, `expires` the Unix seconds at which the token ends."""

    user: str
    roles: frozenset[str] = frozenset()
    expires: float = field(default=math.inf, compare=False)


class InvalidToken(Exception):
    """The token does not authenticate the caller; the text says why and is safe to return."""


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """What a token in the right form says: not to be believed before `verify`."""

    kid: str
    algorithm: str
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


def parse(token: str) -> UnverifiedToken:
    """Raises InvalidToken if `token` is not in the form of contracts/tokens.py."""
    if error := form_error(token):
        raise InvalidToken(error)
    protected, payload, signature = decode(token)
    header: dict[str, str] = json.loads(protected)
    if "kid" not in header or "alg" not in header:
        raise InvalidToken("the header of the token has no alg or no kid")
    return UnverifiedToken(
        header["kid"], header["alg"], json.loads(payload), token.rpartition(".")[0].encode(), signature
    )


def verify(token: UnverifiedToken, keys: KeySet, *, issuer: str, audience: str, now: float) -> Principal:
    """The caller, if `token` is signed with one of `keys` and valid at `now` (Unix seconds), or InvalidToken."""
    candidates = [key for key in keys if key.kid == token.kid and algorithm_of(key) == token.algorithm]
    algorithm = JWSRegistry.algorithms[token.algorithm]
    if not any(algorithm.verify(token.signed, token.signature, key) for key in candidates):
        raise InvalidToken("the signature is not by a known key")
    claims, seconds = token.claims, int(now)
    if claims.get("exp", 0) + LEEWAY_SECONDS <= seconds:
        raise InvalidToken("the token has expired or has no expiry")
    if claims.get("nbf", 0) > seconds + LEEWAY_SECONDS:
        raise InvalidToken("the token is not valid yet")
    if claims.get("iss") != issuer:
        raise InvalidToken("the token is by another issuer")
    meant = claims.get("aud")
    if audience not in (meant if isinstance(meant, list) else [meant]):
        raise InvalidToken("the token is meant for another audience")
    if "sub" not in claims:
        raise InvalidToken("the token has no subject")
    return Principal(claims["sub"], frozenset(claims.get("roles", ())), claims["exp"])


def bearer(headers: Headers) -> str:
    """The token of the Authorization header, or else of the subprotocols; raises InvalidToken without one."""
    authorization = headers.getlist("authorization")
    if authorization:
        if len(authorization) == 1 and _matches(AUTHORIZATION, authorization[0]):
            return authorization[0].split()[1]
        raise InvalidToken("there must be one Authorization header, and it must read: Bearer <token>")
    offered = headers.getlist("sec-websocket-protocol")
    if len(offered) == 1 and _matches(SUBPROTOCOLS, offered[0]):
        return offered[0].partition(",")[2].strip()
    raise InvalidToken("no token: send it in the Authorization header")


def _matches(pattern: str, header: str) -> bool:
    return re.search(pattern.encode(), header.encode("latin-1")) is not None


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
        unverified = parse(token)
        keys = await self.keys.key_set(unverified.kid)
        return verify(unverified, keys, issuer=self.issuer, audience=self.audience, now=time.time())

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        """The caller of a request or WebSocket, by header or subprotocol; raises like `principal`."""
        return await self.principal(bearer(connection.headers))
