"""The only version of PostgreSQL that is supported: the installed one."""

from __future__ import annotations

import re
import subprocess
from functools import cache

from local.toolchain import tools


@cache
def installed() -> str:
    """As in "15.18"."""
    printed = subprocess.run([tools.path("postgres"), "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"\d+\.\d+", printed)
    if match is None:
        raise RuntimeError(f"postgres --version printed {printed!r}, which contains no version")
    return match[0]


def family() -> str:
    """The parameter group family, as in "postgres15"."""
    return f"postgres{installed().split('.')[0]}"


def resolve(requested: str | None) -> str | None:
    """The version for a request of `requested` ("15", "15.18" or None); None if it is not supported."""
    return installed() if requested in (None, installed(), installed().split(".")[0]) else None
