"""Versions of programs: parsing, extraction from program output, and ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass

Version = tuple[int, ...]


def parse(text: str) -> Version:
    """(1, 36, 3) for "1.36.3". Raises ValueError when `text` is not a dotted number."""
    return tuple(int(part) for part in text.split("."))


def extract(pattern: str, output: str) -> Version | None:
    """The version that follows `pattern` (a regular expression) in `output`; None when there is no match."""
    found = re.search(rf"(?:{pattern})(\d+(?:\.\d+)*)", output)
    return parse(found.group(1)) if found else None


@dataclass(frozen=True)
class Range:
    """Versions from `minimum` up to but excluding `below`; None means no upper limit."""

    minimum: Version
    below: Version | None = None

    def __contains__(self, version: Version) -> bool:
        return self.minimum <= version and (self.below is None or version < self.below)

    def __str__(self) -> str:
        least = ".".join(map(str, self.minimum))
        return f">= {least}" + (f", < {'.'.join(map(str, self.below))}" if self.below else "")
