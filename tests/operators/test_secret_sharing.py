from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.adapters.aws.secret_sharing import owner, readers, refusal

NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)


@pytest.mark.parametrize(
    ("name", "reader", "tags", "may"),
    [
        ("auth/signing-key", "auth", "", True),
        ("auth/keys/first", "auth", "", True),
        ("auth/signing-key", "thief", "", False),
        ("auth/signing-key", "aut", "", False),
        ("auth/signing-key", "authority", "auth ingest", False),
        ("biosync/webhook", "recommend", "recommend bio-sync", True),
        ("biosync/webhook", "bio-sync", "recommend bio-sync", True),
        ("biosync/webhook", "bio", "recommend bio-sync", False),
        ("biosync/webhook", "recommend", "", False),
    ],
)
def test_the_owner_reads_a_secret_and_whom_its_tag_names(name: str, reader: str, tags: str, may: bool) -> None:
    shared = readers({"team": reader, "aura:readers": tags})
    assert (refusal(name, reader, shared) is None) == may


def test_a_refusal_says_whose_it_is_and_what_to_do() -> None:
    said = refusal("auth/signing-key", "thief", ())
    assert said is not None
    assert "auth/signing-key belongs to auth" in said
    assert "name a secret of thief/" in said
    assert "add thief to its tag aura:readers" in said


@given(NAMES, NAMES, st.lists(NAMES, max_size=3))
def test_nobody_else_reads_it(of: str, reader: str, shared: list[str]) -> None:
    name = f"{of}/key"
    assert owner(name) == of
    assert (refusal(name, reader, frozenset(shared)) is None) == (reader in (of, *shared))
