"""Takes a sample every few seconds and writes it, whatever does not answer."""

from __future__ import annotations

import asyncio
import time

from prometheus_client import Gauge

from services.kit import logs
from services.kit.elapsed import elapsed
from services.kit.witness import WitnessBucket, WitnessUnavailable
from services.recorder.sampling import Stores, sample, write

log = logs.get(__name__)
recorded = Gauge("aura_recovery_point_timestamp_seconds", "When the newest sample at the witness was taken, Unix time")

FRESH_SAMPLES = 6
"""So many intervals without a sample at the witness: the Pod is not ready."""


class NothingRecorded(Exception):
    """No sample has reached the witness for too long; the text says why."""


class Recording:
    def __init__(self, witness: WitnessBucket, region: str, stores: Stores, seconds: float) -> None:
        self._witness, self._region, self._stores, self._seconds = witness, region, stores, seconds
        self._written = elapsed()
        self._trouble = "nothing has been recorded yet"
        self._silent: list[str] = []

    async def run(self) -> None:
        while True:
            began = elapsed()
            try:
                await asyncio.to_thread(self.step)
            except WitnessUnavailable as error:
                self._trouble = str(error)
                log.warning("not_recorded", reason=self._trouble)
            await asyncio.sleep(max(0.0, began + self._seconds - elapsed()))

    def step(self) -> None:
        """One sample. Raises WitnessUnavailable."""
        taken = sample(self._witness, self._stores, time.time())
        write(self._witness, self._region, taken)
        self._written = elapsed()
        recorded.set(taken.at)
        if taken.silent != self._silent:
            self._silent = taken.silent
            log.info("stores", silent=taken.silent)

    async def fresh(self) -> None:
        """Raises NothingRecorded."""
        age = elapsed() - self._written
        if age > FRESH_SAMPLES * self._seconds:
            raise NothingRecorded(f"no recovery point for {age:.0f} s: {self._trouble}")
