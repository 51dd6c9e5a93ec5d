"""Grants and what they cover."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.auth.access.permissions import allowed, covers

WORDS = st.lists(st.sampled_from(["auth", "content", "roles", "write", "read-all"]), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("grant", "permission", "expected"),
    [
        ("content.write", "content.write", True),
        ("content.write", "content.read", False),
        ("content.*", "content.write", True),
        ("content.*", "content.items.write", True),
        ("content.*", "content", False),
        ("content.*", "contents.write", False),
        ("content", "content.write", False),
        ("*", "content.write", True),
        ("*", "*", False),
        ("*", "", False),
        ("*", "Content.Write", False),
        ("content.*", "content.*", False),
        ("content*", "content.write", False),
        ("*.write", "content.write", False),
        ("content.wr*", "content.write", False),
        ("", "", False),
        ("content.write", "content.write\n", False),
        ("content.write\n", "content.write", False),
    ],
)
def test_table(grant: str, permission: str, expected: bool) -> None:
    assert covers(grant, permission) is expected


@given(WORDS, WORDS)
def test_a_grant_covers_itself_and_what_is_below_its_star_and_nothing_else(
    granted: list[str], asked: list[str]
) -> None:
    permission = ".".join(asked)
    assert covers(".".join(granted), permission) == (granted == asked)
    below = len(granted) < 5 and len(asked) > len(granted) and asked[: len(granted)] == granted
    if len(granted) < 5:
        assert covers(".".join([*granted, "*"]), permission) == below


@given(st.sets(st.sampled_from(["coach", "editor", "gone"])), WORDS)
def test_somebody_has_what_one_of_their_roles_grants(roles: set[str], asked: list[str]) -> None:
    grants = {"coach": {"content.read-all"}, "editor": {"content.*"}, "other": {"*"}}
    permission = ".".join(asked)
    expected = any(covers(grant, permission) for role in roles & grants.keys() for grant in grants[role])
    assert allowed(roles, grants, permission) == expected
