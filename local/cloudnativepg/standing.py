"""Keeps how the server of a Cluster stands in a file beside its data."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from local.cloudnativepg import wal
from local.cloudnativepg.topology import Role, Standing
from local.engines.runtime.files import write


def load(folder: Path) -> Standing:
    """A server without the file is a primary."""
    file = folder / wal.RECOVERY
    if not file.exists():
        return Standing()
    found = json.loads(file.read_text())
    return Standing(**{**found, "role": Role(found.get("role", Role.RECOVERING))})


def store(folder: Path, standing: Standing) -> None:
    """Replaces the file at once."""
    if standing == Standing():
        (folder / wal.RECOVERY).unlink(missing_ok=True)
    else:
        write(folder / wal.RECOVERY, json.dumps(asdict(standing)).encode(), 0o600)
