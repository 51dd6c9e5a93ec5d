"""Cursors of pages: a position in a fixed order of rows, opaque to whoever passes it back. Pure.

A page begins after a row and not after a number of rows, so rows that are added or deleted shift nothing.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode


class InvalidCursor(ValueError):
    """The text is no cursor that a page gave."""

    def __init__(self) -> None:
        super().__init__("`cursor` is not one: pass `next` of the page before as it was")


def encode(position: str) -> str:
    """The position, ASCII, as a cursor: URL-safe, its inside is nobody's business."""
    return urlsafe_b64encode(position.encode("ascii")).decode().rstrip("=")


def decode(cursor: str, form: re.Pattern[str]) -> re.Match[str]:
    """The position of a cursor, which has the form of positions in this order; raises InvalidCursor."""
    try:
        found = form.fullmatch(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii"))
    except ValueError:
        found = None
    if found is None:
        raise InvalidCursor
    return found
