"""The recovery store of bytewax: the topic positions, and the snapshots of the partitions."""

from __future__ import annotations

import shutil
from pathlib import Path

from bytewax.recovery import init_db_dir

_PARTITIONS = 1
"""One worker writes for all: the snapshots are small, since they do not contain the persons' states."""


def folder(state: Path) -> Path:
    """The folder of the recovery store below the state folder."""
    return state / "recovery"


def prepare(state: Path) -> None:
    """Create it unless it exists, atomically."""
    path = folder(state)
    if not path.exists():
        new = path.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        init_db_dir(new, _PARTITIONS)
        new.rename(path)
