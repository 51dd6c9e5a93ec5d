"""Opaque secrets that people's devices hold: refresh tokens, codes, states. Only their hashes are stored."""

from __future__ import annotations

import base64
import hashlib
import secrets


def generate() -> str:
    """256 random bits in base64url."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What is stored of it. A plain hash is enough: nobody guesses 256 random bits."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def challenge(verifier: str) -> str:
    """Code challenge of a verifier by S256 (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(digest(verifier)).rstrip(b"=").decode()
