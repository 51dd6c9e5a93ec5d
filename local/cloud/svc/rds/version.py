"""The one version of PostgreSQL that instances can have: the installed one."""

from __future__ import annotations

import re
import subprocess
from functools import cache

from local.toolchain import tools

DEFAULT_PARAMETERS = "default.postgres"


@cache
def installed() -> str:
    """As in "15.18"."""
    printed = subprocess.run([tools.path("postgres"), "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"\d+\.\d+", printed)
    if match is None:
        raise RuntimeError(f"postgres --version says {printed!r}, in which there is no version")
    return match[0]


def family() -> str:
    """Of parameter groups, as in "postgres15"."""
    return f"postgres{installed().split('.')[0]}"


def resolve(wanted: str | None) -> str | None:
    """The version that an instance gets which asks for `wanted` ("15", "15.18" or nothing); None if it can't."""
    return installed() if wanted in (None, installed(), installed().split(".")[0]) else None


@cache
def parameters() -> frozenset[str]:
    """Names that PostgreSQL takes in its configuration."""
    command = [tools.path("postgres"), "--describe-config"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return frozenset(line.split("\t")[0].lower() for line in printed.splitlines())
