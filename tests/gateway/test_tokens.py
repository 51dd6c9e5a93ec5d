"""Which tokens the gateway accepts."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from services.kit.settings import DEFAULT_ISSUER
from tests.gateway import objects
from tests.gateway.conftest import UPSTREAM_PORT, RunningGateway, Upstreams

pytestmark = pytest.mark.integration


def encoded(value: dict[str, Any] | bytes) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    full = {"iss": DEFAULT_ISSUER, "aud": "aura", "sub": "ann", "iat": now, "exp": now + 600} | changed
    return {name: value for name, value in full.items() if value is not None}


def signed(key: ECKey, **changed: Any) -> str:
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims(**changed), key)


def unsigned(key: ECKey) -> str:
    return f"{encoded({'alg': 'none', 'kid': key.kid})}.{encoded(claims())}."


def confused(key: ECKey) -> str:
    """HS256 with the public key, which anybody can get, as the secret."""
    text = f"{encoded({'alg': 'HS256', 'kid': key.kid})}.{encoded(claims())}"
    return f"{text}.{encoded(hmac.new(key.as_pem(private=False), text.encode(), hashlib.sha256).digest())}"


def tampered(key: ECKey) -> str:
    head, _, signature = signed(key).split(".")
    return f"{head}.{encoded(claims(sub='root'))}.{signature}"


def of_another_key(key: ECKey) -> str:
    other = ECKey.generate_key("P-256")
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims(), other)


def of_another_family(key: ECKey) -> str:
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims(), RSAKey.generate_key(2048))


INVALID: dict[str, Callable[[ECKey], str]] = {
    "malformed": lambda _: "malformed",
    "alg none": unsigned,
    "algorithm confusion": confused,
    "tampered": tampered,
    "another key": of_another_key,
    "another family": of_another_family,
    "unknown kid": lambda key: jwt.encode({"alg": "ES256", "kid": "other"}, claims(), key),
    "no kid": lambda key: jwt.encode({"alg": "ES256"}, claims(), key),
    "expired": lambda key: signed(key, exp=int(time.time()) - 60),
    "no expiry": lambda key: signed(key, exp=None),
    "not yet": lambda key: signed(key, nbf=int(time.time()) + 100),
    "another issuer": lambda key: signed(key, iss="https://auth.example.com"),
    "no issuer": lambda key: signed(key, iss=None),
    "another audience": lambda key: signed(key, aud="aura-admin"),
    "other audiences": lambda key: signed(key, aud=["aura-admin", "xaura"]),
    "no audience": lambda key: signed(key, aud=None),
    "no subject": lambda key: signed(key, sub=None),
    "empty subject": lambda key: signed(key, sub=""),
}


async def test_only_valid_tokens_are_accepted(gateway: RunningGateway, upstreams: Upstreams) -> None:
    address = upstreams.start("one")
    await gateway.apply(
        objects.route("mine", "/v1/mine", plugins="user,token"),
        *objects.plugins(),
        objects.pod("one", address, UPSTREAM_PORT),
    )
    async with gateway.client() as client:
        none = await client.get("/v1/mine")
        outcome = {
            name: await client.get("/v1/mine", headers={"Authorization": f"Bearer {make(gateway.key)}"})
            for name, make in INVALID.items()
        }
        good = [signed(gateway.key), signed(gateway.key, aud=["other", "aura"]), signed(gateway.key, nbf=1)]
        passed = [await client.get("/v1/mine", headers={"Authorization": f"Bearer {token}"}) for token in good]
    assert (none.status_code, none.headers["WWW-Authenticate"]) == (401, 'Bearer realm="aura"')
    assert none.json()["error"] == "missing_token"
    assert {name: answer.status_code for name, answer in outcome.items()} == dict.fromkeys(INVALID, 401)
    assert all(answer.json()["error"] == "invalid_token" for answer in outcome.values())
    assert all('error="invalid_token"' in answer.headers["WWW-Authenticate"] for answer in outcome.values())
    assert [answer.status_code for answer in passed] == [200, 200, 200]


async def test_a_new_key_replaces_the_old(
    gateway: RunningGateway, upstreams: Upstreams, new_key: Callable[[], ECKey]
) -> None:
    address, rotated = upstreams.start("one"), new_key()
    items = (
        objects.route("mine", "/v1/mine", plugins="user,token"),
        *objects.plugins(),
        objects.pod("one", address, UPSTREAM_PORT),
    )
    await gateway.apply(*items)
    await gateway.apply(*items, credentials=objects.credentials(rotated))
    async with gateway.client() as client:
        old = await client.get("/v1/mine", headers=gateway.bearer())
        new = await client.get("/v1/mine", headers={"Authorization": f"Bearer {gateway.token(key=rotated)}"})
    assert (old.status_code, new.status_code) == (401, 200)


async def test_a_key_whose_id_begins_with_a_dash_is_a_key(gateway: RunningGateway, upstreams: Upstreams) -> None:
    """One thumbprint in 64 does, and HAProxy would parse it as an option."""
    dashed = ECKey.import_key(gateway.key.as_dict(private=True), {"kid": "-i"})
    address = upstreams.start("one")
    await gateway.apply(
        objects.route("mine", "/v1/mine", plugins="user,token"),
        *objects.plugins(),
        objects.pod("one", address, UPSTREAM_PORT),
        credentials=objects.credentials(dashed),
    )
    async with gateway.client() as client:
        answer = await client.get("/v1/mine", headers={"Authorization": f"Bearer {gateway.token(key=dashed)}"})
    assert answer.status_code == 200
