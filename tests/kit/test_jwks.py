"""Keys from a real auth service, and its outages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from joserfc.jwk import ECKey

from contracts import signing_keys
from services.auth.tokens import issue
from services.kit import jwks
from services.kit.jwks import Jwks, KeysUnavailable
from services.kit.tokens import InvalidToken, Verifier
from tests.kit.conftest import AuthService

pytestmark = pytest.mark.integration
ISSUER = "https://auth.aurawellness.com"


def new_key() -> ECKey:
    return signing_keys.load(ECKey.generate_key("P-256").as_pem(private=True).decode())


async def test_a_rotated_key_is_found_without_a_restart(
    auth_service: Callable[..., AuthService], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "MIN_REFETCH_SECONDS", 0.0)
    old, new = new_key(), new_key()
    service = auth_service(old)
    verifier = Verifier(Jwks(service.url), ISSUER, "aura")
    assert (await verifier.principal(issue("ann", ["user"], old, time.time()))).user == "ann"
    service.restart(new, old)
    assert (await verifier.principal(issue("bob", [], new, time.time()))).user == "bob"
    assert (await verifier.principal(issue("ann", [], old, time.time()))).user == "ann"


async def test_cached_keys_are_used_while_the_auth_service_is_unavailable(
    auth_service: Callable[..., AuthService], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "MIN_REFETCH_SECONDS", 0.0)
    key = new_key()
    service = auth_service(key)
    verifier = Verifier(Jwks(service.url), ISSUER, "aura")
    await verifier.principal(issue("ann", [], key, time.time()))
    service.stop()
    assert (await verifier.principal(issue("ann", [], key, time.time()))).user == "ann"
    with pytest.raises(InvalidToken):
        await verifier.principal(issue("ann", [], new_key(), time.time()))


async def test_concurrent_callers_wait_for_the_first_fetch(
    auth_service: Callable[..., AuthService],
) -> None:
    key = new_key()
    service = auth_service(key)
    verifier = Verifier(Jwks(service.url), ISSUER, "aura")
    tokens = [issue(f"user-{n}", [], key, time.time()) for n in range(20)]
    found = await asyncio.gather(*map(verifier.principal, tokens))
    assert [principal.user for principal in found] == [f"user-{n}" for n in range(20)]
    assert service.fetches() == 1


async def test_without_keys_the_error_is_keys_unavailable() -> None:
    verifier = Verifier(Jwks("http://127.0.0.1:9/none"), ISSUER, "aura")
    with pytest.raises(KeysUnavailable):
        await verifier.principal(issue("ann", [], new_key(), time.time()))


async def test_invented_key_ids_do_not_flood_the_auth_service(auth_service: Callable[..., AuthService]) -> None:
    key = new_key()
    service = auth_service(key)
    verifier = Verifier(Jwks(service.url), ISSUER, "aura")
    await verifier.principal(issue("ann", [], key, time.time()))
    before = service.fetches()
    for _ in range(20):
        with pytest.raises(InvalidToken):
            await verifier.principal(issue("ann", [], new_key(), time.time()))
    assert service.fetches() == before
