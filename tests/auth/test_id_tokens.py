"""ID tokens that sign nobody in."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, KeySet, RSAKey

from local.identity.provider import IdentityProvider
from services.auth.providers.client import ProviderClient, SignInRefused
from services.auth.providers.discovery import Endpoints, ProviderUnusable, document_url, endpoints
from services.auth.providers.id_token import claims_error
from services.auth.providers.provider import Provider, ProviderName

ISSUER, CLIENT, NONCE, NOW = "https://accounts.example", "our-client", "n" * 43, 1_800_000_000
GOOD: dict[str, Any] = {"iss": ISSUER, "aud": CLIENT, "sub": "s", "exp": NOW + 60, "iat": NOW, "nonce": NONCE}


def judged(claims: dict[str, Any]) -> str:
    return claims_error(claims, issuer=ISSUER, client_id=CLIENT, nonce=NONCE, now=NOW + 0.5)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "other"], "azp": CLIENT},
        {"azp": CLIENT},
        {"exp": NOW - 4},
        {"sub": "x" * 255},
    ],
)
def test_claims_that_sign_in(more: dict[str, Any]) -> None:
    assert judged(GOOD | more) == ""


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"iss": f"{ISSUER}/"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "other"}, "another client"),
        ({"aud": []}, "another client"),
        ({"aud": None}, "another client"),
        ({"aud": [CLIENT, "other"]}, "another client"),
        ({"aud": [CLIENT, "other"], "azp": "other"}, "another client"),
        ({"azp": "other"}, "another client"),
        ({"exp": NOW - 5}, "expired"),
        ({"exp": str(NOW + 60)}, "whole seconds"),
        ({"exp": NOW + 60.0}, "whole seconds"),
        ({"exp": True}, "whole seconds"),
        ({"exp": None}, "whole seconds"),
        ({"exp": -1}, "whole seconds"),
        ({"iat": float(NOW)}, "whole seconds"),
        ({"iat": NOW - 601}, "another time"),
        ({"iat": NOW + 60}, "another time"),
        ({"nonce": "other"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": ""}, "nonce"),
        ({"nonce": "ñ"}, "nonce"),
        ({"sub": ""}, "subject"),
        ({"sub": 7}, "subject"),
        ({"sub": "x" * 256}, "subject"),
    ],
)
def test_claims_that_sign_nobody_in(more: dict[str, Any], says: str) -> None:
    assert says in judged(GOOD | more)


RSA, EC = RSAKey.generate_key(2048, {"kid": "rsa"}), ECKey.generate_key("P-256", {"kid": "ec"})
PUBLIC = KeySet([RSAKey.import_key(RSA.as_dict(private=False)), ECKey.import_key(EC.as_dict(private=False))])
OTHER = ECKey.generate_key("P-256", {"kid": "ec"})


class Client(ProviderClient):
    """With keys of a provider that answers nothing."""

    def __init__(self) -> None:
        super().__init__(Provider(ProviderName.GOOGLE, ISSUER, CLIENT, lambda _: ""), IdentityProvider)  # pyright: ignore

    async def _key_set(self, kid: str) -> KeySet:
        return PUBLIC


def signed(header: dict[str, Any], key: Any, **more: Any) -> str:
    now = int(time.time())
    claims = GOOD | {"iat": now, "exp": now + 60} | more
    return jws.serialize_compact(header, json.dumps(claims).encode(), key, algorithms=[header["alg"]])


def unsigned(header: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in (header, GOOD | {"iat": int(time.time()), "exp": NOW * 2}))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


DEEP = b'{"a":' + b"[" * 60_000


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def of_text(claims: bytes) -> str:
    """What the provider signed is no set of claims."""
    return jws.serialize_compact({"alg": "ES256", "kid": "ec"}, claims, EC, algorithms=["ES256"])


PEM = RSA.as_pem(private=False)


def confused() -> str:
    """An HMAC with the public key as its secret; the library does not make one."""
    content = unsigned({"alg": "HS256", "kid": "rsa"})[:-1]
    mac = hmac.digest(PEM, content.encode(), "sha256")
    return f"{content}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


@pytest.mark.parametrize("header", [{"alg": "RS256", "kid": "rsa"}, {"alg": "ES256", "kid": "ec"}])
async def test_a_token_that_the_provider_signed(header: dict[str, Any]) -> None:
    token = signed(header, RSA if header["kid"] == "rsa" else EC)
    assert (await Client().verified(token, NONCE))["sub"] == "s"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(unsigned({"alg": "none", "kid": "rsa"}), id="alg none"),
        pytest.param(unsigned({"alg": "none"}), id="alg none, no kid"),
        pytest.param(unsigned({"alg": "RS256", "kid": "rsa"}), id="no signature"),
        pytest.param(confused(), id="HS256 with the public key"),
        pytest.param(signed({"alg": "RS256", "kid": "ec"}, RSA), id="RS256 for a key of ES256"),
        pytest.param(signed({"alg": "ES256", "kid": "rsa"}, EC), id="ES256 for a key of RS256"),
        pytest.param(signed({"alg": "ES256", "kid": "ec"}, OTHER), id="another key of that id"),
        pytest.param(signed({"alg": "ES256", "kid": "unknown"}, EC), id="unknown key"),
        pytest.param(signed({"alg": "ES256"}, EC), id="no key id"),
        pytest.param(signed({"alg": "ES256", "kid": "ec"}, EC, nonce="other"), id="nonce of another sign-in"),
        pytest.param(f"{encoded(DEEP)}.e30.c2ln", id="a header that is nested too deep"),
        pytest.param(of_text(DEEP), id="claims that are nested too deep"),
        pytest.param("", id="empty"),
        pytest.param("a.b.c", id="no JSON"),
        pytest.param("ñ.ñ.ñ", id="no ASCII"),
        pytest.param("..", id="three empty parts"),
    ],
)
async def test_a_token_that_it_did_not_sign(token: str) -> None:
    with pytest.raises(SignInRefused):
        await Client().verified(token, NONCE)


DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://accounts.example/auth",
    "token_endpoint": "https://tokens.example/token",
    "jwks_uri": "https://tokens.example/keys",
}


def test_a_document_of_the_configured_issuer_may_name_other_hosts() -> None:
    expected = Endpoints("https://accounts.example/auth", "https://tokens.example/token", "https://tokens.example/keys")
    assert endpoints(DOCUMENT, ISSUER) == expected


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        "",
        "http://tokens.example/token",
        "file:///etc/passwd",
        "https:///token",
        "https://user:password@tokens.example/",
        "https://tokens.example/?next=1",
        "https://tokens.example:70000/",
        "https://[::1/",
    ],
)
def test_the_service_connects_to_https_urls_only(name: str, url: object) -> None:
    with pytest.raises(ProviderUnusable):
        endpoints(DOCUMENT | {name: url}, ISSUER)


@pytest.mark.parametrize("document", [None, [], {}, DOCUMENT | {"issuer": "https://evil.example"}])
def test_a_document_of_another_issuer_is_not_used(document: object) -> None:
    with pytest.raises(ProviderUnusable):
        endpoints(document, ISSUER)


def test_the_issuer_itself_is_https() -> None:
    assert document_url(f"{ISSUER}/") == f"{ISSUER}/.well-known/openid-configuration"
    with pytest.raises(ProviderUnusable):
        document_url("http://169.254.169.254")
