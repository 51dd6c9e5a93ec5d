"""The auth service's JWKS, as the PEM files that HAProxy verifies tokens with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import aiohttp
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey, OKPKey

from local.gateway.haproxy.render import KEYS, VerificationKey
from services.kit.jwks import algorithm_of

_FETCH_SECONDS = 3


class KeysUnavailable(RuntimeError):
    """The JWKS document can't be fetched or contains no usable key."""


@dataclass(frozen=True)
class PublicKey:
    """A key that verifies tokens. The key determines the algorithm, never the token."""

    kid: str
    algorithm: str
    pem: bytes

    @property
    def file(self) -> str:
        """Named after its content, so that the file of a key in use never changes."""
        return f"{KEYS}/{hashlib.sha256(self.pem).hexdigest()[:32]}.pem"

    def verification_key(self) -> VerificationKey:
        return VerificationKey(self.kid, self.algorithm, self.file)


def public_keys(document: dict[str, Any]) -> tuple[PublicKey, ...]:
    """The keys of a JWKS document that verify tokens, sorted by key id; others are ignored. Raises KeysUnavailable."""
    found: list[PublicKey] = []
    try:
        for key in KeySet.import_key_set(document).keys:  # pyright: ignore[reportArgumentType]
            algorithm = algorithm_of(key)
            if algorithm is not None and not isinstance(key, OctKey | OKPKey) and key.kid is not None:
                found.append(PublicKey(key.kid, algorithm, key.as_pem(private=False)))
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise KeysUnavailable(f"not a JWKS document: {error}") from error
    if not found:
        raise KeysUnavailable("the JWKS document has no ES256 or RS256 key with a key id")
    return tuple(sorted(found, key=lambda key: key.kid))


async def fetch_keys(session: aiohttp.ClientSession, url: str) -> tuple[PublicKey, ...]:
    """Raises KeysUnavailable when `url` does not return usable keys."""
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=_FETCH_SECONDS)) as response:
            response.raise_for_status()
            document = await response.json()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise KeysUnavailable(f"{url}: {type(error).__name__}: {error}") from error
    return public_keys(document)
