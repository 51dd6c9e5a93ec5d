"""Property values on the wire."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.plugins.provider.values import UNKNOWN, Secret, changed_paths, decode, encode, has_unknown

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8) | st.just(UNKNOWN),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)
values = st.dictionaries(st.text("abcdef", min_size=1, max_size=4), plain, max_size=4)


@given(values)
def test_what_is_sent_is_what_was_meant(given: dict[str, Any]) -> None:
    assert decode(encode(given)) == given


@given(plain)
def test_a_secret_arrives_as_what_it_holds(held: Any) -> None:
    assert decode(encode({"a": {"b": [Secret(held)]}})) == {"a": {"b": [held]}}


@given(values)
def test_nothing_has_changed_against_itself(given: dict[str, Any]) -> None:
    assert changed_paths(given, given) == []


def test_a_change_is_reported_by_its_path() -> None:
    assert changed_paths({"a": {"b": 1, "c": [1]}}, {"a": {"b": 2, "c": [1, 2]}, "d": 0}) == ["a.b", "a.c", "d"]


def test_an_unknown_is_found_however_deep() -> None:
    assert has_unknown({"a": [{"b": UNKNOWN}]})
    assert not has_unknown({"a": [{"b": "x"}]})


def test_a_value_pulumi_has_no_form_for_is_refused() -> None:
    with pytest.raises(ValueError, match="bytes"):
        encode({"a": b"x"})
