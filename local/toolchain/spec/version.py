"""Versions of programs: reading them out of what a program says about itself, and whether they will do."""

from __future__ import annotations

import re
from dataclasses import dataclass

Version = tuple[int, ...]


def parse(text: str) -> Version:
    """(1, 36, 3) of "1.36.3". Raises ValueError when `text` is no dotted number."""
    return tuple(int(part) for part in text.split("."))


def said(pattern: str, output: str) -> Version | None:
    """The version that follows `pattern` (a regular expression) in a program's `output`; None when it says none."""
    found = re.search(rf"(?:{pattern})(\d+(?:\.\d+)*)", output)
    return parse(found.group(1)) if found else None


@dataclass(frozen=True)
class Range:
    """Versions from `least` up to, without, `below`; no upper end when that is None."""

    least: Version
    below: Version | None = None

    def __contains__(self, version: Version) -> bool:
        return self.least <= version and (self.below is None or version < self.below)

    def __str__(self) -> str:
        least = ".".join(map(str, self.least))
        return f">= {least}" + (f", < {'.'.join(map(str, self.below))}" if self.below else "")
