"""The provider over HTTP: its document, its keys, and the exchange of a code for an ID token."""

from __future__ import annotations

import ssl
import time
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
from joserfc import jws
from joserfc.errors import JoseError

from contracts.decoding import of_others
from services.auth.providers.discovery import Endpoints, ProviderUnusable, document_url, endpoints
from services.auth.providers.id_token import claims_error
from services.auth.providers.provider import Provider
from services.auth.sessions.opaque import challenge
from services.kit.jwks import Jwks, KeysUnavailable, algorithm_of

DOCUMENT_SECONDS = 3600.0
"""For which a provider's document is used. Its keys are another document, fetched again for an unknown key id."""

TIMEOUT_SECONDS = 5.0
MAX_ANSWER_BYTES = 256 * 1024

_claims = of_others(msgspec.json.Decoder(dict[str, Any]).decode)
_answer = of_others(msgspec.json.Decoder().decode)


class SignInRefused(Exception):
    """The provider, or what it says, signs nobody in; the text is safe to return."""


class ProviderClient:
    """One provider. Follows no redirect, reads no proxy from the environment, and takes only answers of a bounded size:
    what it connects to comes from the configured issuer alone."""

    def __init__(self, provider: Provider, tls: ssl.SSLContext) -> None:
        self.provider = provider
        self._tls = tls
        self._endpoints: Endpoints | None = None
        self._fetched_at = float("-inf")
        self._keys: Jwks | None = None

    async def authorization_url(self, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes; raises ProviderUnusable."""
        found = await self.endpoints()
        query = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": redirect_uri,
            "scope": self.provider.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        if self.provider.response_mode:
            query["response_mode"] = self.provider.response_mode
        return f"{found.authorization}?{urlencode(query)}"

    async def claims(self, code: str, redirect_uri: str, nonce: str, verifier: str) -> dict[str, Any]:
        """The verified claims of the ID token for `code`; raises SignInRefused and ProviderUnusable."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self.provider.client_id,
            "client_secret": self.provider.secret(time.time()),
            "code_verifier": verifier,
        }
        status, answer = await self._request("POST", (await self.endpoints()).token, form)
        if status >= 500 or not isinstance(answer, dict):
            raise ProviderUnusable(f"{self.provider.name} answered {status} to the code")
        if status != 200 or not isinstance(answer.get("id_token"), str):
            raise SignInRefused(f"{self.provider.name} did not take the code: {str(answer.get('error'))[:100]}")
        return await self.verified(answer["id_token"], nonce)

    async def verified(self, id_token: str, nonce: str) -> dict[str, Any]:
        """The claims of `id_token`; raises SignInRefused and ProviderUnusable. The key determines the algorithm."""
        try:
            kid = jws.extract_compact(id_token.encode()).headers().get("kid", "")
            keys = [key for key in (await self._key_set(str(kid))) if key.kid == kid and algorithm_of(key)]
            if not keys:
                raise SignInRefused("the ID token is signed with an unknown key")
            signed = jws.deserialize_compact(id_token, keys[0], algorithms=[str(algorithm_of(keys[0]))])
            claims = _claims(signed.payload)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise SignInRefused("the ID token is not one that the provider signed") from error
        provider = self.provider
        if error := claims_error(
            claims, issuer=provider.issuer, client_id=provider.client_id, nonce=nonce, now=time.time()
        ):
            raise SignInRefused(error)
        return claims

    async def endpoints(self) -> Endpoints:
        """Raises ProviderUnusable. While the provider is away its last document stays in use."""
        now = time.monotonic()
        if self._endpoints is None or now - self._fetched_at > DOCUMENT_SECONDS:
            try:
                status, document = await self._request("GET", document_url(self.provider.issuer))
                if status != 200:
                    raise ProviderUnusable(f"{self.provider.issuer} answered {status} for its document")
                self._endpoints = endpoints(document, self.provider.issuer)
                self._fetched_at = now
            except ProviderUnusable:
                if self._endpoints is None:
                    raise
        return self._endpoints

    async def _key_set(self, kid: str) -> Any:
        url = (await self.endpoints()).keys
        if self._keys is None or self._keys.url != url:
            self._keys = Jwks(url, self._tls)
        try:
            return await self._keys.key_set(kid)
        except KeysUnavailable as error:
            raise ProviderUnusable(str(error)) from error

    async def _request(self, method: str, url: str, form: dict[str, str] | None = None) -> tuple[int, Any]:
        try:
            async with (
                httpx.AsyncClient(verify=self._tls, timeout=TIMEOUT_SECONDS, trust_env=False) as client,
                client.stream(method, url, data=form, headers={"Accept": "application/json"}) as answer,
            ):
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > MAX_ANSWER_BYTES:
                        raise ProviderUnusable(f"{url} answered more than {MAX_ANSWER_BYTES} bytes")
            return answer.status_code, _answer(body) if body else None
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise ProviderUnusable(f"{url} gave no answer that can be used: {type(error).__name__}") from error
