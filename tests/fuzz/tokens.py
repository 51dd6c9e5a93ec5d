"""Access tokens in every spelling, validly signed or not."""

from __future__ import annotations

import base64
import json
import random
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey

from contracts.platform import TOKEN_AUDIENCE
from services.kit.settings import DEFAULT_ISSUER
from tests.fuzz.values import mutated, text, value


def signed(key: ECKey, header: str, payload: str) -> str:
    """A JWS over these texts, whatever they say (RFC 7515, ES256)."""
    first = f"{_base64(header.encode('utf-8', 'surrogatepass'))}.{_base64(payload.encode('utf-8', 'surrogatepass'))}"
    private = key.private_key
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(private.sign(first.encode(), ec.ECDSA(SHA256())))
    return f"{first}.{_base64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def of_subject(key: ECKey, subject: str) -> str:
    """A token that is valid but perhaps for its subject, which auth's own `issue` would refuse."""
    now = int(time.time())
    claims = {"iss": DEFAULT_ISSUER, "aud": TOKEN_AUDIENCE, "sub": subject, "iat": now, "exp": now + 900, "roles": []}
    return signed(key, json.dumps({"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}), json.dumps(claims))


def spelled(key: ECKey, chance: random.Random, user: str) -> str:
    """A token that is valid but for what the case changes in its claims, its header, their spelling or its own."""
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": DEFAULT_ISSUER,
        "aud": TOKEN_AUDIENCE,
        "sub": user,
        "iat": now,
        "exp": chance.choice([now + 900, now + 900, now - 60, now + 900.5, 1.9e9, "9999999999", None, 2**53, 1e300]),
        "roles": [],
    }
    header: dict[str, Any] = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt"}
    what = chance.randrange(6)
    if what == 0:
        claims = mutated(chance, claims, 1)
    elif what == 1:
        header = mutated(chance, header, 1)
    elif what == 2:
        claims["sub"] = text(chance)
    elif what == 3:
        claims[text(chance)] = value(chance)
    elif what == 4:
        claims["aud"] = chance.choice([[TOKEN_AUDIENCE], [TOKEN_AUDIENCE, "x"], ["x"], [], {}, TOKEN_AUDIENCE.upper()])
    token = signed(key, _spelling(chance, header), _spelling(chance, claims))
    return _damaged(chance, token) if chance.random() < 0.15 else token


def _spelling(chance: random.Random, members: dict[str, Any]) -> str:
    """JSON of the members with spaces, escapes, another order, or a member twice."""
    items = list(members.items())
    if chance.random() < 0.3:
        chance.shuffle(items)
    if chance.random() < 0.1 and items:
        items.append((items[0][0], value(chance)))
    space = chance.choice(["", "", " ", "\n\t"])
    plain = chance.random() < 0.5
    parts = []
    for name, item in items:
        spelled_name = _escaped(chance, name) if chance.random() < 0.1 else json.dumps(name, ensure_ascii=plain)
        text_value = _number(chance, item) if isinstance(item, int | float) and not isinstance(item, bool) else (
            _escaped(chance, item) if isinstance(item, str) and chance.random() < 0.2 else
            json.dumps(item, ensure_ascii=plain)
        )  # fmt: skip
        parts.append(f"{space}{spelled_name}{space}:{space}{text_value}")
    return "{" + ",".join(parts) + space + "}"


def _escaped(chance: random.Random, of: str) -> str:
    """A JSON string with some characters as escapes, which mean the same."""
    made = []
    for letter in of:
        if letter == "/" and chance.random() < 0.5:
            made.append("\\/")
        elif chance.random() < 0.3 and ord(letter) < 0x10000:
            made.append(f"\\u{ord(letter):04x}")
        else:
            made.append(json.dumps(letter)[1:-1])
    return '"' + "".join(made) + '"'


def _number(chance: random.Random, number: float) -> str:
    """The number as a decimal, with an exponent, or as Python writes it."""
    form = chance.randrange(4)
    if form == 0 and number == number // 1 and abs(number) < 1e15:
        return f"{int(number)}.0"
    if form == 1 and abs(number) < 1e300:
        return f"{number:.12e}"
    return json.dumps(number)


def _damaged(chance: random.Random, token: str) -> str:
    at = chance.randrange(len(token))
    return chance.choice(
        [token + "=", token[:at], token[:at] + "A" + token[at + 1 :], token + ".", "." + token, token.upper(), ""]
    )


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
