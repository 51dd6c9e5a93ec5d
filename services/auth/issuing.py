"""The keys of this process: which signs now, and who a token of theirs is of."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from joserfc.jwk import ECKey, KeySet

from contracts.platform import TOKEN_AUDIENCE
from services.auth import signing, tokens
from services.kit.tokens import Principal, parse, verify


@dataclass(frozen=True)
class Bearer:
    """The caller, and the session that the token was issued in; None for a token of another door."""

    principal: Principal
    session_id: str | None


class Issuer:
    """`keys` are the signing key, then previous ones that are still published.

    A Pod that has a previous key may be the first of a rotation, so that one signs for the first ten minutes. It is
    published for as long as it is there.
    """

    def __init__(self, keys: list[ECKey], name: str) -> None:
        self.keys, self.name = keys, name
        self._set = KeySet.import_key_set(signing.jwks(keys))  # pyright: ignore[reportArgumentType]
        self._since = time.time()

    def issue(self, account_id: str, roles: list[str], session_id: str) -> str:
        now = time.time()
        key = signing.signing_key(self.keys, self._since, now)
        return tokens.issue(account_id, roles, key, now, issuer=self.name, session=session_id)

    def bearer(self, token: str) -> Bearer:
        """Raises InvalidToken."""
        parsed = parse(token)
        principal = verify(parsed, self._set, issuer=self.name, audience=TOKEN_AUDIENCE, now=time.time())
        session: Any = parsed.claims.get("sid")
        return Bearer(principal, session if isinstance(session, str) else None)
