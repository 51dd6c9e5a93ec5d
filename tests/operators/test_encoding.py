"""Text of any kind in a request to the API server."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from operators.kubernetes.encoding import NotUnicode, encode

ODD = "😀 é 𝔸 \x00 \t\r\n \x7f \x85 \x9f \u2028 \u2029 \ufeff \uffff \\ud83d \" '"


@given(st.dictionaries(st.text(), st.text(ODD) | st.text()))
def test_the_bytes_are_the_same_object_as_json(body: dict[str, str]) -> None:
    assert json.loads(encode(body)) == body


def test_the_bytes_are_the_same_object_as_yaml() -> None:
    assert yaml.safe_load(encode({"text": ODD})) == {"text": ODD}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"spec": {"env": [{"value": "ok"}, {"value": "a\ud83d"}]}}, r"spec\.env\[1\]\.value"),
        ({"data": {"a\udc00": ""}}, r"the name of data\.a"),
    ],
)
def test_a_lone_surrogate_is_refused_by_name(body: dict[str, object], where: str) -> None:
    with pytest.raises(NotUnicode, match=rf"^{where}.* lone surrogate \(U\+D"):
        encode(body)
