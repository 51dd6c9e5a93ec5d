"""The public keys that verify access tokens, fetched from the auth service's JWKS document and kept."""

from __future__ import annotations

import asyncio
import time

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

REFETCH_SECONDS = 5.0
"""At most one fetch in this time, so that tokens with invented key ids cannot flood the auth service."""

STALE_SECONDS = 300.0
"""A key withdrawn by the auth service is trusted at most this long."""


class KeysUnavailable(RuntimeError):
    """The JWKS document cannot be had; nothing can be verified, so callers answer 503 and not 401."""


class Jwks:
    """The key set at `url`; fetched when first needed, when a key id is unknown, and every five minutes.

    While the auth service is away the last keys stay in use.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._keys: KeySet | None = None
        self._tried = float("-inf")
        self._fetched = float("-inf")
        self._lock = asyncio.Lock()

    async def containing(self, kid: str) -> KeySet:
        """The key set, fetched anew if it lacks `kid` (which it then may still lack); raises KeysUnavailable."""
        if not self._suffices(kid):
            async with self._lock:
                if not self._suffices(kid):
                    await self._fetch()
        if self._keys is None:
            raise KeysUnavailable(f"no keys from {self.url} yet; retried every {REFETCH_SECONDS:g} s")
        return self._keys

    def _suffices(self, kid: str) -> bool:
        now = time.monotonic()
        if now - self._tried < REFETCH_SECONDS:
            return True
        fresh = now - self._fetched < STALE_SECONDS
        return fresh and self._keys is not None and any(key.kid == kid for key in self._keys.keys)

    async def _fetch(self) -> None:
        try:
            async with httpx.AsyncClient(timeout=3.0, trust_env=False) as client:
                response = await client.get(self.url)
            self._keys = KeySet.import_key_set(response.raise_for_status().json())
            self._fetched = time.monotonic()
        except (httpx.HTTPError, ValueError, KeyError, JoseError) as error:
            if self._keys is None:
                raise KeysUnavailable(f"no keys from {self.url}: {type(error).__name__}: {error}") from error
        finally:
            # Only now: whoever asks while the fetch is under way waits for it rather than going without keys.
            self._tried = time.monotonic()
