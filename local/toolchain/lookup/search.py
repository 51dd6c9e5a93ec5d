"""Finds existing tools: in folders named by environment variables, on PATH, in common folders, in the cache."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from local.toolchain.lookup import cache
from local.toolchain.spec.tool import Programs, Tool
from local.toolchain.spec.version import Version, extract

VERSION_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Installation:
    """`folder` has the tool's programs or files; `version` is the one that the program reports, or that was built."""

    folder: Path
    version: str
    cached: bool


def find(tool: Tool) -> Installation | None:
    """An installed tool of a supported version, else the one in the cache."""
    if tool.programs:
        for folder in _folders(tool.programs):
            version = _version(tool.programs, folder)
            if version and version in tool.programs.supported:
                return Installation(folder, ".".join(map(str, version)), cached=False)
    folder = cache.get(tool)
    return Installation(folder / tool.folder, tool.version, cached=True) if folder else None


def _folders(programs: Programs) -> Iterator[Path]:
    """Folders that have all the programs, by precedence: variables, PATH, hints."""
    named = [Path(os.environ[name]) for name in programs.variables if os.environ.get(name)]
    listed = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    seen: set[Path] = set()
    for folder in [*named, *(folder / "bin" for folder in named), *listed, *map(Path, programs.hints)]:
        if folder not in seen and all(os.access(folder / name, os.X_OK) for name in programs.names):
            yield folder
        seen.add(folder)


def _version(programs: Programs, folder: Path) -> Version | None:
    program = folder / programs.names[0]
    state = program.stat()
    output = _version_output(program, programs.version_arguments, state.st_mtime_ns, state.st_size)
    return extract(programs.version_pattern, output)


@lru_cache
def _version_output(program: Path, arguments: tuple[str, ...], mtime: int, size: int) -> str:
    """Output of the program; empty when it cannot be run. Cached until the file changes."""
    try:
        done = subprocess.run(
            [program, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=VERSION_TIMEOUT_SECONDS,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "GOTOOLCHAIN": "local", "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return f"{done.stdout}\n{done.stderr}"
