"""Runs the policy pack that the pulumi process above asks for, whose folder its language host cannot tell.

The host that this machine builds is older than the engine. The official CLI brings one that knows the folder.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

_OPTION = "--policy-pack"


class NoPack(RuntimeError):
    """The pulumi process names no policy pack, or several."""


def main() -> None:
    caller = next((one for one in psutil.Process().parents() if one.name() == "pulumi"), None)
    if caller is None:
        sys.exit("no program to run, and no pulumi process above that would ask for a policy pack")
    try:
        folder = pack(caller.cmdline(), Path(caller.cwd()))
    except NoPack as error:
        sys.exit(str(error))
    os.execv(sys.executable, [sys.executable, "-u", str(folder), *sys.argv[1:]])


def pack(command: Sequence[str], cwd: Path) -> Path:
    """The folder that the command names. Raises NoPack."""
    words = iter(command)
    named = [
        word.partition("=")[2] or next(words, "") for word in words if word == _OPTION or word.startswith(f"{_OPTION}=")
    ]
    folders = [folder for value in named for folder in value.split(",") if folder]
    if len(folders) != 1:
        raise NoPack(f"pulumi names {len(folders)} policy packs; this machine's language host runs one at a time")
    return cwd / folders[0]


if __name__ == "__main__":
    main()
