"""The process of a replicator, for whoever starts and stops it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from local.engines.kafka.replicator.measures import Measure, read
from local.engines.kafka.replicator.plan import Plan
from local.engines.runtime.files import write
from local.engines.runtime.process import START_SECONDS, Process
from local.site import CHECKOUT


class Replicator:
    """Its settings and log are in `folder`; what it knows is in the target cluster, so it may be killed at any time."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder, plan
        self.process = Process(folder, "replicator")

    @property
    def settings(self) -> Path:
        return self.folder / "replicator.json"

    def current(self) -> bool:
        """Whether it runs, with this plan."""
        known = self.settings.read_text() if self.settings.exists() else ""
        return self.process.pid() is not None and known == self.plan.text()

    def ensure(self, seconds: float = START_SECONDS) -> None:
        """Starts it, or again with another plan, and waits until it copies. Raises EngineFailed."""
        if not self.current():
            self.process.stop()
            self._measures.unlink(missing_ok=True)
            write(self.settings, self.plan.text().encode(), 0o600)  # it has passwords
        self.process.start([sys.executable, "-m", "local.engines.kafka.replicator", self.folder], cwd=CHECKOUT)
        self.process.wait_until(self._measures.exists, seconds)

    def measured(self) -> tuple[float, dict[str, Measure]]:
        """When it measured last, in seconds of the epoch, and what of each topic."""
        return read(self._measures)

    def stop(self) -> None:
        self.process.stop()

    def delete(self) -> None:
        """What it knew stays in the target cluster, for a replicator of the same id."""
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _measures(self) -> Path:
        return self.folder / "measures.json"
