"""The text of a token, part by part: whatever these say is signed."""

from __future__ import annotations

import base64
import time

from joserfc.jwk import Key
from joserfc.jws import JWSRegistry

from services.kit.settings import DEFAULT_ISSUER


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def text_bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def sign(key: Key, header: str, claims: str | bytes, algorithm: str = "ES256") -> str:
    """A token whose parts are exactly these texts."""
    payload = claims if isinstance(claims, bytes) else text_bytes(claims)
    signed = f"{base64url(text_bytes(header))}.{base64url(payload)}"
    return f"{signed}.{base64url(JWSRegistry.algorithms[algorithm].sign(signed.encode(), key))}"


def head(key: Key, alg: str = '"ES256"', kid: str = "", more: str = "") -> str:
    named = kid or f'"{key.kid}"'
    return f'{{"alg":{alg},"kid":{named}{more}}}'


def body(
    sub: str = '"ann"', exp: str = "", aud: str = '"aura"', more: str = "", iss: str = f'"{DEFAULT_ISSUER}"'
) -> str:
    return f'{{"iss":{iss},"sub":{sub},"aud":{aud},"exp":{exp or in_seconds(600)}{more}}}'


def in_seconds(seconds: float) -> str:
    return str(int(time.time() + seconds))
