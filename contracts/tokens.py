"""The form of access tokens, as regular expressions that the gateway (PCRE2) and the services (`re`) both evaluate.

JSON readers differ in escapes, number forms, repeated names and what may follow the value. A token in this form has
none of that, so every reader finds the same claims in it. docs/tokens.md lists what is refused. The patterns are for
bytes and stay within what PCRE2 without UTF and `re` have in common. Repetitions are possessive or atomic, so that no
text makes them slow; only those of single characters are possessive, as `re` before Python 3.11.5 errs on groups.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Literal

from contracts.subjects import CHARACTERS, MAX_SUBJECT_LENGTH, TAKEN

MAX_TOKEN_LENGTH = 4096
"""Characters; a request line and all its headers must fit into the gateway's buffer of 15 KiB."""

LIFETIME_SECONDS = 15 * 60
"""Of an access token, at most: whoever acts on the end of an account waits this long for the last one."""
LEEWAY_SECONDS = 5
"""Tolerated difference of clocks for `exp` and `nbf`."""

MAX_AUDIENCES = 4
ALGORITHMS = ("ES256", "RS256")
SUBPROTOCOL = "bearer"
"""Browsers cannot set headers on a WebSocket: they offer the subprotocols `bearer, <token>` instead."""

_END = r"(?![\x00-\xff])"
_WS = r"[\x09\x0a\x0d\x20]*+"
_STRING = r'"[\x20\x21\x23-\x5b\x5d-\x7e]*+"'
_NUMBER = r"-?(?:0|[1-9][0-9]{0,14}+)(?:\.[0-9]{1,15}+)?(?:[eE][+-]?[0-9]{1,2}+)?"
_SCALAR = rf"{_STRING}|{_NUMBER}|true|false|null"
_DATE = r"(?:0|[1-9][0-9]{0,11}+)"
"""NumericDate (RFC 7519, section 2) in whole seconds, to the year 33658."""
_SUBJECT = rf'"[{CHARACTERS}]{{1,{MAX_SUBJECT_LENGTH}}}+"'
"""As `contracts.subjects.subject_error`."""
_KEY_ID = r"[A-Za-z0-9_.~-]{1,128}+"
_PART = r"(?>(?:[A-Za-z0-9_-]{4})*)(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?"
"""base64url without padding (RFC 7515, section 2); unused bits of the last character are zero."""


def _array(value: str, most: str = "") -> str:
    """Elements; each is followed by a comma and another one, or by the end."""
    times = rf"{{1,{most}}}" if most else "*"
    return rf"\[{_WS}(?>(?>{value}{_WS}(?:,{_WS}(?!\])|(?=\]))){times})\]"


def _object(member: str) -> str:
    return rf"\{{{_WS}(?>(?>{member}{_WS}(?:,{_WS}(?!\}})|(?=\}})))*)\}}"


def _member(names: str, value: str) -> str:
    """A member with another name than `names`."""
    return rf'(?!"(?:{names})"){_STRING}{_WS}:{_WS}(?:{value})'


def _json(names: str, registered: str) -> str:
    """A JSON object: `registered` members at its top, others with up to three levels of arrays and objects below."""
    value = _SCALAR
    for _ in range(3):
        value = rf"{_SCALAR}|{_array(f'(?:{value})')}|{_object(_member(names, value))}"
    return rf"^{_WS}{_object(rf'(?:{registered}|{_member(names, value)})')}{_WS}{_END}"


def _named(names: str, value: str) -> str:
    return rf'"(?:{names})"{_WS}:{_WS}(?:{value})'


def _twice(names: str) -> str:
    return rf'"(?P<name>{names})"{_WS}:[\x00-\xff]*"(?P=name)"{_WS}:'


def _other_than(names: str, value: str) -> str:
    """One of `names` with another value than this."""
    return rf'"(?:{names})"{_WS}:(?!{_WS}(?:{value}){_WS}[,}}])'


_HEADER_NAMES = "alg|kid|crit|b64"
_CLAIM_NAMES = "iss|sub|aud|exp|nbf|iat|roles"
_ALG = rf'"(?:{"|".join(ALGORITHMS)})"'
_KID = f'"{_KEY_ID}"'
_AUD = rf"{_STRING}|{_array(_STRING, str(MAX_AUDIENCES))}"
_ROLES = _array(_STRING)
_HEADER = "|".join((_named("alg", _ALG), _named("kid", _KID)))
_CLAIMS = "|".join(
    (
        _named("exp|nbf|iat", _DATE),
        _named("sub", _SUBJECT),
        _named("iss", _STRING),
        _named("aud", _AUD),
        _named("roles", _ROLES),
    )
)
_PLAIN = rf"^[\x09\x0a\x0d\x20-\x5b\x5d-\x7e]*+{_END}"

KEY_ID = rf"^{_KEY_ID}{_END}"
"""Key ids that a token can name; keys of a JWKS with another one are ignored."""

AUTHORIZATION = rf"^[\x09\x20]*+[Bb][Ee][Aa][Rr][Ee][Rr]\x20++[\x21-\x7e]++[\x09\x20]*+{_END}"
"""The Authorization header (RFC 6750, section 2.1), of which there is one at most; its second word is the token."""

SUBPROTOCOLS = rf"^[\x09\x20]*+{SUBPROTOCOL}[\x09\x20]*+,[\x09\x20]*+[\x21-\x2b\x2d-\x7e]++[\x09\x20]*+{_END}"
"""The Sec-WebSocket-Protocol header, without an Authorization header; its second member is the token."""


@dataclass(frozen=True)
class Rule:
    """`pattern` must, or with `never` must not, be found in a part of the token: all of it or a decoded part."""

    part: Literal["token", "header", "claims"]
    message: str
    pattern: str
    never: bool = False


_LISTED = "iss sub aud exp nbf iat roles"
RULES = (
    Rule(
        "token",
        f"a token has at most {MAX_TOKEN_LENGTH} characters",
        rf"^[\x00-\xff]{{1,{MAX_TOKEN_LENGTH}}}+{_END}",
    ),
    Rule(
        "token",
        "a token is three parts in base64url without padding, joined by dots",
        rf"^(?:(?!\.){_PART}\.){{2}}(?!{_END}){_PART}{_END}",
    ),
    Rule("header", "the header of the token has a JSON escape or a character that is not ASCII", _PLAIN),
    Rule("header", "alg or kid appears twice in the header of the token", _twice(_HEADER_NAMES), never=True),
    Rule("header", "crit and b64 in the header of the token are not accepted", _named("crit|b64", ""), never=True),
    Rule("header", f"alg must be {' or '.join(ALGORITHMS)}", _other_than("alg", _ALG), never=True),
    Rule(
        "header",
        "kid must be a string of 1 to 128 letters, digits and _.~-",
        _other_than("kid", _KID),
        never=True,
    ),
    Rule(
        "header",
        "the header of the token is not a JSON object of at most four levels, or has alg or kid below its top",
        _json(_HEADER_NAMES, _HEADER),
    ),
    Rule("claims", "the claims of the token have a JSON escape or a character that is not ASCII", _PLAIN),
    Rule("claims", f"one of {_LISTED} appears twice in the token", _twice(_CLAIM_NAMES), never=True),
    Rule(
        "claims",
        f"sub must be a string of 1 to {MAX_SUBJECT_LENGTH} {TAKEN}",
        _other_than("sub", _SUBJECT),
        never=True,
    ),
    Rule(
        "claims",
        "exp, nbf and iat must be whole seconds since 1970, of at most 12 digits",
        _other_than("exp|nbf|iat", _DATE),
        never=True,
    ),
    Rule("claims", "iss must be a string", _other_than("iss", _STRING), never=True),
    Rule(
        "claims",
        f"aud must be a string or a list of 1 to {MAX_AUDIENCES} strings",
        _other_than("aud", _AUD),
        never=True,
    ),
    Rule("claims", "roles must be a list of strings", _other_than("roles", _ROLES), never=True),
    Rule(
        "claims",
        f"the claims of the token are not a JSON object of at most four levels, or have one of {_LISTED} below its top",
        _json(_CLAIM_NAMES, _CLAIMS),
    ),
)
"""In this order: a rule relies on those before it."""

_COMPILED = [(rule, re.compile(rule.pattern.encode())) for rule in RULES]


def form_error(token: str) -> str:
    """Why `token` is not in the accepted form; empty when it is. Says nothing about its signature or its claims."""
    texts = {"token": token.encode(errors="surrogatepass")}
    for rule, pattern in _COMPILED:
        if rule.part not in texts:
            texts["header"], texts["claims"], _ = decode(token)
        if (pattern.search(texts[rule.part]) is not None) == rule.never:
            return rule.message
    return ""


def decode(token: str) -> tuple[bytes, bytes, bytes]:
    """Header, claims and signature of a token of three parts in base64url."""
    header, claims, signature = (base64.urlsafe_b64decode(f"{part}===") for part in token.split("."))
    return header, claims, signature
