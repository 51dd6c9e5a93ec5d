"""What an ID token must say (OpenID Connect Core 1.0, section 3.1.3.7). Pure: the signature is verified elsewhere."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, TypeGuard

from contracts.tokens import LEEWAY_SECONDS

MAX_AGE_SECONDS = 600.0
"""Of `iat`: a sign-in ends within minutes of its beginning, so an older token is another sign-in's."""
MAX_SUBJECT_LENGTH = 255
"""OpenID Connect Core 1.0, section 2."""


def claims_error(claims: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, now: float) -> str:
    """Why these claims sign nobody in; empty when they do. The text is safe to return to the caller.

    Dates are whole seconds: Google and Apple write them so, and readers differ about other forms.
    """
    if claims.get("iss") != issuer:
        return "the ID token is by another issuer"
    audience = claims.get("aud")
    meant = audience if isinstance(audience, list) else [audience]
    if client_id not in meant:
        return "the ID token is meant for another client"
    if (len(meant) > 1 or "azp" in claims) and claims.get("azp") != client_id:
        return "the ID token was issued to another client"
    expires, issued = claims.get("exp"), claims.get("iat")
    if not _whole(expires) or not _whole(issued):
        return "exp and iat of the ID token must be whole seconds"
    if expires + LEEWAY_SECONDS <= now:
        return "the ID token has expired"
    if not now - MAX_AGE_SECONDS <= issued <= now + LEEWAY_SECONDS:
        return "the ID token was issued at another time"
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        return "the ID token belongs to another sign-in: its nonce is not the one that was sent"
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= MAX_SUBJECT_LENGTH:
        return "the ID token has no subject"
    return ""


def _whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
