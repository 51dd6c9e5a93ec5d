"""Finding tools that are there already: where the environment says, on PATH, in usual places, in the cache."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from local.toolchain.lookup import cache as store
from local.toolchain.spec.tool import Programs, Tool
from local.toolchain.spec.version import Version, said

ASK_SECONDS = 30


@dataclass(frozen=True)
class Found:
    """`folder` holds the tool's programs, or its files; `version` is what it says, or what we made it from."""

    folder: Path
    version: str
    ours: bool


def find(tool: Tool) -> Found | None:
    """An installed tool wins if its version fits, then what we made ourselves."""
    if tool.programs:
        for folder in _folders(tool.programs):
            version = _version(tool.programs, folder)
            if version and version in tool.programs.fits:
                return Found(folder, ".".join(map(str, version)), ours=False)
    folder = store.kept(tool)
    return Found(folder / tool.folder, tool.version, ours=True) if folder else None


def _folders(programs: Programs) -> Iterator[Path]:
    """Folders that hold all the programs, the most deliberate choice first."""
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
    return said(programs.says, _answer(program, programs.ask, state.st_mtime_ns, state.st_size))


@lru_cache
def _answer(program: Path, ask: tuple[str, ...], mtime: int, size: int) -> str:
    """What the program prints; a broken one counts as one that says nothing. Asked once as long as it is the same."""
    try:
        done = subprocess.run(
            [program, *ask],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ASK_SECONDS,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "GOTOOLCHAIN": "local", "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return f"{done.stdout}\n{done.stderr}"
