"""README's section "To AWS": its numbered steps, and the commands in them."""

from __future__ import annotations

import re
from pathlib import Path

_STEP = re.compile(r"^(\d+)\. ")
_COMMAND = re.compile(r"^ {7}( *\S.*)$")


def commands(readme: Path) -> dict[int, list[str]]:
    """The command lines of each step, in order."""
    section = readme.read_text().partition("\n## To AWS\n")[2].partition("\n## ")[0]
    found: dict[int, list[str]] = {}
    step = 0
    for line in section.splitlines():
        if begins := _STEP.match(line):
            step = int(begins[1])
            found[step] = []
        elif command := _COMMAND.match(line):
            found[step].append(command[1])
    return found
