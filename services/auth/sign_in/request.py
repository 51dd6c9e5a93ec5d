"""What an app asks for when it begins a sign-in (RFC 6749, section 4.1.1; RFC 7636; RFC 8252). Pure."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from urllib.parse import urlencode, urlsplit

from services.auth.sessions.opaque import challenge

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""A SHA-256 in base64url; `plain` is not taken, which would make the challenge the secret itself."""
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""RFC 7636, section 4.1."""
MAX_STATE_LENGTH = 512
MAX_DEVICE_LENGTH = 80
_LOOPBACK = ("127.0.0.1", "[::1]")


def error(redirect_uri: str, allowed: Iterable[str], state: str, method: str, given_challenge: str, device: str) -> str:
    """Why a sign-in does not begin; empty when it does."""
    if not redirect_allowed(redirect_uri, allowed):
        return "redirect_uri is not one of this service's apps"
    if method != "S256" or not CHALLENGE.fullmatch(given_challenge):
        return "PKCE is required: code_challenge_method=S256 and a code_challenge of 43 characters in base64url"
    if not state or len(state) > MAX_STATE_LENGTH or not state.isascii() or not state.isprintable():
        return f"state must be 1 to {MAX_STATE_LENGTH} printable ASCII characters, other ones for each sign-in"
    if len(device) > MAX_DEVICE_LENGTH or not device.isprintable():
        return f"device must be at most {MAX_DEVICE_LENGTH} printable characters"
    return ""


def redirect_allowed(redirect_uri: str, allowed: Iterable[str]) -> bool:
    """Whether it is, character by character, one of `allowed`. Of a loopback address the port may be another one, which
    a program gets from its system at that moment (RFC 8252, section 7.3)."""
    return any(redirect_uri == one or _same_but_for_port(redirect_uri, one) for one in allowed)


def verifier_matches(verifier: str, stored_challenge: str) -> bool:
    """Whether an app knows what belongs to the challenge with which the sign-in began."""
    return VERIFIER.fullmatch(verifier) is not None and hmac.compare_digest(challenge(verifier), stored_challenge)


def answer_url(redirect_uri: str, **answer: str) -> str:
    """`redirect_uri` with the answer in its query."""
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(answer)}"


def _same_but_for_port(given: str, allowed: str) -> bool:
    if not any(allowed.startswith(f"http://{host}/") for host in _LOOPBACK):
        return False
    try:
        port = urlsplit(given).port
    except ValueError:
        return False
    host = allowed.removeprefix("http://").partition("/")[0]
    path = allowed.removeprefix(f"http://{host}")
    return port is not None and given == f"http://{host}:{port}{path}"
