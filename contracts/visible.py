"""Text of others in a message for people: what cannot be seen is named by its code point."""

from __future__ import annotations

MAX_CHARACTERS = 80


def visible(text: str, most: int = MAX_CHARACTERS) -> str:
    """`text` in one line: a byte order mark reads U+FEFF, a tab U+0009; longer than `most` characters it is cut off."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in cut)
