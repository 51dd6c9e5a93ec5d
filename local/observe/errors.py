"""The text of an exception, for a sentence."""

from __future__ import annotations

import textwrap

_CHARACTERS = 160


def first_line(error: Exception) -> str:
    """The first line of its message, at most 160 characters; its class when the message is empty.

    Of urllib3's errors, which wrap one another, that of the innermost.
    """
    while isinstance(reason := getattr(error, "reason", None), Exception):
        error = reason
    lines = str(error).strip().splitlines()
    return textwrap.shorten(lines[0], _CHARACTERS, placeholder=" …") if lines else type(error).__name__
