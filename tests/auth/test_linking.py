"""Which account a sign-in leads to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.accounts.linking import Link, identity, link, normalized

VERIFIED = [True, "true"]
UNVERIFIED = [False, "false", None, 1, "True", "yes", [], {"true": True}]


@pytest.mark.parametrize("verified", VERIFIED)
def test_a_verified_address_links_the_account(verified: object) -> None:
    claims = {"sub": "s", "email": "Ada@Example.com", "email_verified": verified}
    assert identity("https://accounts.example", claims).address == "ada@example.com"


@pytest.mark.parametrize("verified", UNVERIFIED)
def test_an_address_that_nobody_verified_is_not_even_stored(verified: object) -> None:
    claims: dict[str, Any] = {"sub": "s", "email": "ada@example.com", "email_verified": verified}
    assert identity("https://accounts.example", claims).address is None
    del claims["email_verified"]
    assert identity("https://accounts.example", claims).address is None


@pytest.mark.parametrize(
    "address", [None, 7, "", "ada", "@example.com", "ada@", "a b@example.com", "a@b@c", "a\0@b", "x" * 251 + "@b.c"]
)
def test_what_is_no_address_links_nothing(address: object) -> None:
    assert normalized(address) is None


@pytest.mark.parametrize(
    ("one", "other"), [("straße@a.de", "strasse@a.de"), ("İ@a.de", "i@a.de"), ("\u212a@a.de", "k@a.de")]
)
def test_foldings_of_unicode_do_not_make_one_mailbox_of_two(one: str, other: str) -> None:
    assert normalized(one) != normalized(other)


@given(*[st.none() | st.sampled_from(["a", "b"])] * 3)
def test_links_follow_the_identity_first_and_a_verified_address_second(
    of_identity: str | None, address: str | None, of_address: str | None
) -> None:
    found = link(of_identity, address, of_address)
    assert (found is Link.KNOWN) == (of_identity is not None)
    if found is Link.LINKED:
        assert address is not None
        assert of_address is not None
    if of_identity is None and address is None:
        assert found is Link.CREATED
