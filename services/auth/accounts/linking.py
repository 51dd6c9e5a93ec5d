"""Which account a sign-in leads to. Pure.

An identity is (issuer, subject), which a provider never gives to somebody else. An address is a claim: two identities
lead to one account only if both providers verified it. An address that nobody verified is not stored at all, so that
nobody can wait under somebody else's address until its owner arrives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MAX_ADDRESS_LENGTH = 254
"""RFC 5321, section 4.5.3.1.3, without the angle brackets."""
_ADDRESS = re.compile(r"[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+")
_UPPER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


class Link(StrEnum):
    """What a sign-in does to accounts."""

    KNOWN = "known"
    """The identity has an account."""
    LINKED = "linked"
    """The identity joins the account with its verified address."""
    CREATED = "created"


@dataclass(frozen=True)
class Identity:
    """Who a provider says it is. `address` is None unless the provider verified it."""

    issuer: str
    subject: str
    address: str | None = None


def identity(issuer: str, claims: Mapping[str, Any]) -> Identity:
    """Of the claims of a verified ID token. Apple writes `email_verified` as a string, Google as a boolean."""
    verified = claims.get("email_verified")
    address = normalized(claims.get("email")) if verified is True or verified == "true" else None
    return Identity(issuer, claims["sub"], address)


def normalized(address: object) -> str | None:
    """The form in which addresses are compared, None for what is none.

    Only ASCII letters are lowered: foldings of Unicode make one address of two that are different mailboxes.
    """
    if not isinstance(address, str) or len(address) > MAX_ADDRESS_LENGTH or not _ADDRESS.fullmatch(address):
        return None
    return address.translate(_UPPER)


def link(account_of_identity: str | None, address: str | None, account_of_address: str | None) -> Link:
    """`account_of_identity` and `account_of_address` are the accounts that exist, None for none.

    An identity that has an account stays with it, whatever its address has become.
    """
    if account_of_identity is not None:
        return Link.KNOWN
    return Link.LINKED if address is not None and account_of_address is not None else Link.CREATED
