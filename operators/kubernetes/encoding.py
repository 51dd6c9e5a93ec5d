"""Objects as the bytes of a request: JSON that is YAML too, since the API server reads an apply patch as YAML. Pure.

YAML knows no surrogate pairs, which JSON's ASCII escapes write for a character such as an emoji, so text is sent as
UTF-8. The few characters that a YAML text may not contain as they are, or that it takes for line breaks, stay escaped.
https://yaml.org/spec/1.2.2/#51-character-set
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class NotUnicode(ValueError):
    """A member of the object holds a lone surrogate, which is no character; the text names the member."""


def encode(body: Mapping[str, Any]) -> bytes:
    """`body` as JSON in UTF-8; raises NotUnicode."""
    text = json.dumps(body, ensure_ascii=False)
    text = _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)  # such characters occur in strings only
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        where = next(_surrogates(body, ""), "").lstrip(".")
        code = ord(text[error.start])
        raise NotUnicode(f"{where} holds a lone surrogate (U+{code:04X}), which is no Unicode character") from error


def _surrogates(value: Any, path: str) -> Iterator[str]:
    """Paths of the strings with a lone surrogate."""
    match value:
        case str() if _SURROGATE.search(value):
            yield path
        case Mapping():
            for name, one in value.items():
                shown = _SURROGATE.sub("\ufffd", name)
                if shown != name:
                    yield f"the name of {path.lstrip('.')}.{shown}"
                yield from _surrogates(one, f"{path}.{shown}")
        case list() | tuple():
            for index, one in enumerate(value):
                yield from _surrogates(one, f"{path}[{index}]")
        case _:
            pass
