"""The text that a secret of AWS gives to an environment variable. Pure.

A secret is a string. Its `#member` is a member of the JSON object in that string: a string as it is, any other value as
JSON's own text, so that `1.10` stays `1.10` and `true` stays `true`.
"""

from __future__ import annotations

import json
from typing import Any

_TOO_DEEP = "is JSON that is nested too deep to be read"


class NoText(ValueError):
    """The value has no text that an environment variable can hold; the message says why, and never quotes the value."""


class _Number(str):
    """A number as it is written: as a float, 1.10 would become 1.1 and 1e400 infinite."""


def member_text(document: str, member: str) -> str:
    """The text of a member of the JSON object in `document`; raises NoText."""
    try:
        found = json.loads(document, parse_int=_Number, parse_float=_Number, parse_constant=_refuse)
    except ValueError as error:
        raise NoText("is not JSON") from error
    except RecursionError:
        raise NoText(_TOO_DEEP) from None
    if not isinstance(found, dict) or member not in found:
        raise NoText(f"is not a JSON object with the member {member}")
    value = found[member]
    if value is None:
        raise NoText("is null, which is no text; leave the variable out or store a string")
    try:
        text = value if isinstance(value, str) else _compact(value)
    except RecursionError:
        raise NoText(f"has a member {member} which {_TOO_DEEP}") from None
    return checked(text)


def checked(text: str) -> str:
    """`text`, if an environment variable can hold it; raises NoText."""
    if "\0" in text:
        raise NoText("contains the character NUL (U+0000), which no environment variable can hold")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NoText(f"contains a lone surrogate (U+{ord(text[error.start]):04X}), which is no character") from error
    return text


def _compact(value: Any) -> str:
    match value:
        case _Number():
            return str(value)
        case dict():
            return "{" + ",".join(f"{_compact(name)}:{_compact(one)}" for name, one in value.items()) + "}"
        case list():
            return "[" + ",".join(map(_compact, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
