"""How the server of a Cluster stands: its role, and the archive that it follows. Kept in a file beside its data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from local.cloudnativepg import wal
from local.cloudnativepg.topology import Role
from local.engines.runtime.files import write


@dataclass(frozen=True)
class Standing:
    role: Role = Role.PRIMARY
    archive: str = ""
    """Name of the server in the object store whose WAL it replays."""
    until: str | None = None
    """The moment until which it is recovered, ISO 8601; None: all that there is."""
    token: str = ""
    """Of the demotion that made it a replica."""

    @property
    def target(self) -> datetime | None:
        return datetime.fromisoformat(self.until) if self.until else None

    @property
    def follows(self) -> bool:
        """Whether its data are those of a standby."""
        return self.role in (Role.REPLICA, Role.PROMOTING)


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
