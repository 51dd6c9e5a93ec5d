"""The control file of a data folder: what pg_controldata says, and how a server that was killed ends cleanly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from local.engines.postgres.cluster import run
from local.engines.postgres.positions import Control
from local.engines.runtime.process import EngineFailed


def read(data: Path) -> Control:
    """Raises EngineFailed."""
    lines = (line.partition(":") for line in run(["pg_controldata", str(data)], {"LC_ALL": "C"}).splitlines())
    said = {name.strip(): value.strip() for name, _, value in lines}
    checkpoint = "Latest checkpoint's "
    try:
        return Control(
            said["Database system identifier"],
            said["Database cluster state"],
            int(said[f"{checkpoint}TimeLineID"]),
            said[f"{checkpoint}REDO location"],
            said[f"{checkpoint}REDO WAL file"],
            said["Time of latest checkpoint"],
        )
    except (KeyError, ValueError) as error:
        raise EngineFailed(f"pg_controldata of {data} does not say {error}") from error


def end_cleanly(data: Path, options: Sequence[str]) -> None:
    """Replays the WAL of a server that was killed and writes a checkpoint, in single-user mode: nobody can connect.

    In template0, which no customer drops; single-user mode enters a database that is closed to connections.
    Raises EngineFailed.
    """
    run(["postgres", "--single", "-D", str(data), *options, "template0"], {"LC_ALL": "C"}, stdin="")
