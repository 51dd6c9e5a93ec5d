"""Probes every health check at its interval, and keeps what was observed in a file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from local.dns import model
from local.dns.health import CALCULATED, Standing, judge
from local.dns.model import HealthCheck, Observation, Observations
from local.dns.probe import Result, probe

Resolve = Callable[[str], str | None]
"""The address of a name."""


class Checkers:
    """One task for each health check. `file` gets the observations; standings begin anew with the process."""

    def __init__(self, file: Path, resolve: Resolve) -> None:
        self.file, self.resolve = file, resolve
        self.checks: dict[str, HealthCheck] = {}
        self.standings: dict[str, Standing] = {}
        self.observations: Observations = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def healthy(self, id: str) -> bool:
        return judge(self.checks, self.standings)(id)

    def configure(self, checks: Iterable[HealthCheck]) -> None:
        """Begins with new and changed checks; the standing of a changed one is kept."""
        wanted = {check.id: check for check in checks}
        for id, task in list(self._tasks.items()):
            if wanted.get(id) != self.checks.get(id):
                task.cancel()
                del self._tasks[id]
        for id in self.standings.keys() - wanted.keys():
            del self.standings[id]
            self.observations.pop(id, None)
        self.checks = wanted
        for id, check in wanted.items():
            if id not in self._tasks and check.type != CALCULATED and not check.disabled:
                self._tasks[id] = asyncio.create_task(self._repeat(check))
        self._write()

    async def _repeat(self, check: HealthCheck) -> None:
        while True:
            began = time.monotonic()
            address = check.address or self.resolve(check.host)
            result = await probe(check, address) if address else Result(False, f"Failure: {check.host} has no address")
            self.observe(check, result, time.time())
            await asyncio.sleep(max(0.0, began + check.interval - time.monotonic()))

    def observe(self, check: HealthCheck, result: Result, now: float) -> None:
        self.standings[check.id] = self.standings.get(check.id, Standing()).after(result.passed, check.threshold)
        before = self.observations.get(check.id)
        failure, failed_at = (before.failure, before.failed_at) if before else ("", 0.0)
        if not result.passed:
            failure, failed_at = result.status, now
        self.observations[check.id] = Observation(self.healthy(check.id), result.status, now, failure, failed_at)
        self._write()

    def _write(self) -> None:
        model.write(self.file, self.observations)
