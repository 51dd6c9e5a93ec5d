"""The cache of made tools: <cache>/<tool>/<version>-<digest of its recipes>/, complete or absent, never half there."""

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


def cache() -> Path:
    """The user's cache folder for this project, shared by all checkouts."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aura"


def log_of(tool: Tool) -> Path:
    return cache() / "logs" / f"{tool.name}.log"


def place(tool: Tool) -> Path:
    """Where the made tool lies once it is made. Other recipes, other place, so that checkouts share one cache."""
    digest = hashlib.sha256(b"\0".join(recipe.inputs() for recipe in tool.recipes)).hexdigest()
    return cache() / tool.name / f"{tool.version}-{digest[:8]}"


def kept(tool: Tool) -> Path | None:
    """The tool's folder when it has been made."""
    folder = place(tool)
    return folder if tool.recipes and folder.is_dir() else None


@contextmanager
def making(tool: Tool) -> Iterator[Path]:
    """A folder to make the tool in. It gets its final name only when the block ends without an exception, and when
    all its content is on disk; whatever an earlier, killed attempt left is deleted. Hold `exclusive` around it."""
    final = place(tool)
    final.parent.mkdir(parents=True, exist_ok=True)
    for leftover in final.parent.glob(f"{UNFINISHED}*"):
        shutil.rmtree(leftover)
    folder = final.parent / f"{UNFINISHED}-{os.getpid()}"
    folder.mkdir()
    try:
        yield folder
        for written in folder.rglob("*"):
            _flush(written)
        folder.rename(final)
        _flush(final.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def exclusive(waiting: Callable[[], None]) -> Iterator[None]:
    """One process at a time changes the cache; calls `waiting` when another does so now. A killed holder lets go."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _flush(file: Path) -> None:
    """Without this a power cut after the rename could leave the final name with empty files behind it."""
    if file.is_symlink():
        return
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
