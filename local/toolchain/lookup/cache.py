"""The cache of built tools: <cache>/<tool>/<version>-<digest of its recipes>/. Entries are complete or absent."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.toolchain.spec.tool import Tool

UNFINISHED = ".making"


def folder() -> Path:
    """The user's cache folder for this project, shared by all checkouts."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aura"


def log_path(tool: Tool) -> Path:
    return folder() / "logs" / f"{tool.name}.log"


def entry_path(tool: Tool) -> Path:
    """Folder of the built tool. It depends on the recipes, so that checkouts can share one cache."""
    digest = hashlib.sha256(b"\0".join(recipe.inputs() for recipe in tool.recipes)).hexdigest()
    return folder() / tool.name / f"{tool.version}-{digest[:8]}"


def get(tool: Tool) -> Path | None:
    """The tool's folder, or None when it has not been built."""
    folder = entry_path(tool)
    return folder if tool.recipes and folder.is_dir() else None


@contextmanager
def add(tool: Tool) -> Iterator[Path]:
    """A folder to build the tool in. It gets its final name when the block ends without an exception and its content is
    on disk. Leftovers of a killed build are deleted. The caller must hold `lock`."""
    final = entry_path(tool)
    final.parent.mkdir(parents=True, exist_ok=True)
    for leftover in final.parent.glob(f"{UNFINISHED}*"):
        shutil.rmtree(leftover)
    folder = final.parent / f"{UNFINISHED}-{os.getpid()}"
    folder.mkdir()
    try:
        yield folder
        for written in folder.rglob("*"):
            _fsync(written)
        folder.rename(final)
        _fsync(final.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def lock(on_wait: Callable[[], None]) -> Iterator[None]:
    """Exclusive write access to the cache. Calls `on_wait` before it blocks; a killed holder releases it."""
    folder().mkdir(parents=True, exist_ok=True)
    with (folder() / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fsync(file: Path) -> None:
    """Without fsync, a power cut after the rename could leave empty files under the final name."""
    if file.is_symlink():
        return
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
