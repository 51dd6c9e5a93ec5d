"""What an exception says, for a sentence."""

from __future__ import annotations

_CHARACTERS = 160


def first_line(error: Exception) -> str:
    """The first line of its message, cut to 160 characters; its kind when it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0][:_CHARACTERS] if lines else type(error).__name__
