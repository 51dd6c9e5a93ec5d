"""The folder in which bytewax keeps what it needs to go on: offsets, and what a partition's snapshot gave."""

from __future__ import annotations

import shutil
from pathlib import Path

from bytewax.recovery import init_db_dir

_PARTITIONS = 1
"""One worker writes for all: what it gets each second is small, people's states are not in it."""


def folder(state: Path) -> Path:
    """Where it lies below the folder of the state."""
    return state / "recovery"


def prepare(state: Path) -> None:
    """Make it unless it is there, complete or not at all."""
    there = folder(state)
    if not there.exists():
        made = there.with_suffix(".new")
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        init_db_dir(made, _PARTITIONS)
        made.rename(there)
