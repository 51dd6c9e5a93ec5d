"""A JSON Web Key Set (RFC 7517), as of the auth service, fetched and cached to verify tokens."""

from __future__ import annotations

import asyncio
import re
import ssl
import time

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey

from contracts.tokens import KEY_ID

MIN_REFETCH_SECONDS = 5.0
"""Minimum interval of fetches, so that tokens with invented key ids cannot flood the auth service."""

MAX_AGE_SECONDS = 300.0
"""Maximum age of the cache: a key withdrawn by the auth service is trusted at most this long."""


MIN_RSA_BITS = 2048
"""RFC 7518, section 3.3."""


def algorithm_of(key: Key) -> str | None:
    """The algorithm of the tokens that `key` verifies: ES256 for P-256, RS256 for RSA. The key determines it, never the
    token. None for a key that verifies no tokens: of another kind or size, for another use, or without a plain kid."""
    if key.kid is None or re.search(KEY_ID, key.kid) is None or key.get("use") not in (None, "sig"):
        return None
    if isinstance(key, ECKey) and key.curve_name == "P-256":
        found = "ES256"
    elif isinstance(key, RSAKey) and key.public_key.key_size >= MIN_RSA_BITS:
        found = "RS256"
    else:
        return None
    return found if key.alg in (None, found) and "verify" in (key.get("key_ops") or ["verify"]) else None


class KeysUnavailable(RuntimeError):
    """The JWKS document cannot be fetched and no token verified: respond with 503, not 401."""


class Jwks:
    """The key set at `url`, fetched on first use, for an unknown key id, and every five minutes.

    While the auth service is unavailable the last keys stay in use. `tls` verifies it where it is not httpx's default.
    """

    def __init__(self, url: str, tls: ssl.SSLContext | bool = True) -> None:
        self.url = url
        self._tls = tls
        self._keys: KeySet | None = None
        self._attempted_at = float("-inf")
        self._fetched_at = float("-inf")
        self._lock = asyncio.Lock()

    async def key_set(self, kid: str) -> KeySet:
        """The key set, refetched if it lacks `kid` (which it may still lack then); raises KeysUnavailable."""
        if not self._is_current(kid):
            async with self._lock:
                if not self._is_current(kid):
                    await self._fetch()
        if self._keys is None:
            raise KeysUnavailable(f"no keys from {self.url} yet; retrying every {MIN_REFETCH_SECONDS:g} s")
        return self._keys

    def _is_current(self, kid: str) -> bool:
        now = time.monotonic()
        if now - self._attempted_at < MIN_REFETCH_SECONDS:
            return True
        fresh = now - self._fetched_at < MAX_AGE_SECONDS
        return fresh and self._keys is not None and any(key.kid == kid for key in self._keys.keys)

    async def _fetch(self) -> None:
        try:
            async with httpx.AsyncClient(verify=self._tls, timeout=3.0, trust_env=False) as client:
                response = await client.get(self.url)
            self._keys = KeySet.import_key_set(response.raise_for_status().json())
            self._fetched_at = time.monotonic()
        except (httpx.HTTPError, ValueError, KeyError, RecursionError, JoseError) as error:
            if self._keys is None:
                raise KeysUnavailable(f"no keys from {self.url}: {type(error).__name__}: {error}") from error
        finally:
            # Set only now, so that concurrent callers wait for the fetch in progress instead of failing.
            self._attempted_at = time.monotonic()
