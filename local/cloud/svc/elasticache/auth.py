"""AUTH tokens: which ones are taken, and what each update strategy makes of those in use.

Source: "Authenticating with the AUTH command" in the user guide; CreateReplicationGroup and ModifyReplicationGroup in
the API reference, which agree since 2022 on the characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"[A-Za-z0-9!&#$^<>-]{16,128}")


@dataclass(frozen=True)
class Auth:
    """`tokens` that log in, the newest first: two at most."""

    tokens: tuple[str, ...] = ()
    required: bool = False
    """Whether a client without a token is refused."""

    @property
    def enabled(self) -> bool:
        return bool(self.tokens)


NO_AUTH = Auth()


def is_valid(token: str) -> bool:
    """16 to 128 letters, digits and the special characters ! & # $ ^ < > -."""
    return _TOKEN.fullmatch(token) is not None


def set_token(token: str) -> Auth:
    """Only `token` logs in."""
    return Auth((token,), True)


def rotate(auth: Auth, token: str) -> Auth:
    """`token` logs in as well as the newest of before; where none was needed, none is needed still."""
    return Auth((token, *(t for t in auth.tokens[:1] if t != token)), auth.required)
