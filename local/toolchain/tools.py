"""Where the tools are: looked up, never built, here."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


class ToolMissing(RuntimeError):
    """A program is neither cached nor installed."""


def cache() -> Path:
    """The user's cache folder for this project, shared by all checkouts."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aura"


def path(name: str) -> Path:
    """The executable `name`."""
    candidate = cache() / "interim" / name
    if candidate.exists():
        return candidate
    found = shutil.which(name) or shutil.which(name, path="/usr/lib/postgresql/15/bin:/usr/sbin:/usr/local/bin")
    if found is None:
        raise ToolMissing(f"{name} is neither cached nor on PATH; run `make tools`")
    return Path(found)


def jars(name: str) -> Path:
    """Folder of the jars of `name` ("kafka", "opensearch")."""
    return cache() / "interim" / name / "lib"


def model() -> Path:
    """Folder with the sentence embedding model: model.onnx and tokenizer.json."""
    return cache() / "interim" / "model"
