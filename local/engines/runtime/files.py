"""Files that are replaced as a whole."""

from __future__ import annotations

import os
from pathlib import Path


def write(file: Path, data: bytes, mode: int = 0o644) -> None:
    """Replaces `file` atomically."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
    temporary.replace(file)
