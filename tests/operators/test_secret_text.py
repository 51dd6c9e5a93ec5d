"""What a member of a JSON secret gives to an environment variable."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.adapters.aws.secret_text import NoText, checked, member_text

DOCUMENT = r"""{"text": "p$$w 😀", "empty": "", "true": true, "false": false, "null": null, "price": 1.10,
 "huge": 1e400, "long": 123456789012345678901234567890, "minus": -0.0, "list": [1.0, "a\tb", null],
 "object": {"b": 1.10, "a": {"é": []}},
 "lines": "a\nb", "nul": "a\u0000b", "nested": {"nul": "\u0000"}, "surrogate": "\ud800", "number text": "007"}"""


@pytest.mark.parametrize(
    ("member", "text"),
    [
        ("text", "p$$w 😀"),
        ("empty", ""),
        ("number text", "007"),
        ("true", "true"),
        ("false", "false"),
        ("price", "1.10"),
        ("huge", "1e400"),
        ("long", "123456789012345678901234567890"),
        ("minus", "-0.0"),
        ("list", r'[1.0,"a\tb",null]'),
        ("object", '{"b":1.10,"a":{"é":[]}}'),
        ("nested", r'{"nul":"\u0000"}'),
        ("lines", "a\nb"),
    ],
)
def test_a_string_is_taken_as_it_is_and_anything_else_as_json_writes_it(member: str, text: str) -> None:
    assert member_text(DOCUMENT, member) == text


@pytest.mark.parametrize(
    ("member", "why"),
    [
        ("null", "is null"),
        ("nul", r"U\+0000"),
        ("surrogate", r"lone surrogate \(U\+D800\)"),
        ("absent", "member absent"),
    ],
)
def test_what_no_variable_can_hold_is_refused_by_name(member: str, why: str) -> None:
    with pytest.raises(NoText, match=why):
        member_text(DOCUMENT, member)


@pytest.mark.parametrize("document", ["", "plain", "[1]", '"text"', "{'a': 1}", '{"a": NaN}', '{"a": ' + "[" * 200_000])
def test_what_is_no_json_object_is_refused_without_quoting_it(document: str) -> None:
    with pytest.raises(NoText) as refused:
        member_text(document, "a")
    assert "JSON" in str(refused.value)
    assert "plain" not in str(refused.value)


@pytest.mark.parametrize("depth", [600, 900, 5_000, 200_000])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")])
def test_what_is_nested_too_deep_is_refused(begin: str, end: str, depth: int) -> None:
    with pytest.raises(NoText, match="nested too deep"):
        member_text(f'{{"m": {begin * depth}1{end * depth}}}', "m")


def test_a_member_beside_a_deep_one_has_its_text() -> None:
    assert member_text(f'{{"m": {"[" * 600}{"]" * 600}, "plain": "text"}}', "plain") == "text"


@pytest.mark.parametrize("text", ["a\0b", "\ud83d"])
def test_a_whole_secret_is_checked_too(text: str) -> None:
    with pytest.raises(NoText):
        checked(text)


_JSON = st.recursive(
    st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.lists(_JSON) | st.dictionaries(st.text(), _JSON))
def test_the_text_of_an_object_is_the_same_json(value: object) -> None:
    assert json.loads(member_text(json.dumps({"a": value}), "a")) == value
