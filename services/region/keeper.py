"""Looks at the lease, and renews it while it is this region's."""

from __future__ import annotations

import asyncio
import time

from contracts.lease import LOOKS_A_TERM, Missing, Refused, next_write
from contracts.platform import RegionRole
from contracts.region_state import RegionReport
from services.kit import logs
from services.kit.elapsed import elapsed
from services.kit.witness import WitnessUnavailable
from services.region.holding import Holding, report
from services.region.witness import Witness

log = logs.get(__name__)

_ATTEMPTS = 3
"""Of a renewal that meets those of the region's other processes: each reads, decides and writes anew."""


class Keeper:
    """Every process of the region renews the lease by itself, and knows of its own renewals alone."""

    def __init__(self, witness: Witness, region: str, role: RegionRole, holder: str, term: float) -> None:
        self._witness, self._region, self._role, self._holder, self._term = witness, region, role, holder, term
        self._holding = Holding()

    def report(self) -> RegionReport:
        return report(self._region, self._role, self._holding, elapsed())

    async def run(self) -> None:
        before = None
        while True:
            await self.step()
            now = self.report()
            if before != (now.state, now.reason, now.epoch):
                before = (now.state, now.reason, now.epoch)
                log.info("region_state", state=now.state, reason=now.reason, epoch=now.epoch)
            await asyncio.sleep(self._term / LOOKS_A_TERM)

    async def step(self) -> None:
        """One look, and a renewal if it is due."""
        try:
            for _ in range(_ATTEMPTS):
                if await self._look_and_renew():
                    return
            raise WitnessUnavailable("others wrote the lease each time that it was to be renewed")
        except WitnessUnavailable as error:
            self._holding = self._holding.troubled(str(error))

    async def _look_and_renew(self) -> bool:
        """Whether it ended, with a renewal or because there was none to make."""
        seen = await asyncio.to_thread(self._witness.look)
        if isinstance(seen, Missing) and self._holding.lease is not None:
            seen = Missing(deleted=True)  # versions and all
        sent = elapsed()  # before the lease's own time: a pause between the two must not lengthen the term
        decision = next_write(self._region, self._role, seen, self._holder, time.time(), self._term)
        if isinstance(decision, Refused):
            self._holding = self._holding.looked(seen, decision)
            return True
        self._holding = self._holding.looked(seen, None)
        if not self._holding.renewal_due(sent):
            return True
        if not await asyncio.to_thread(self._witness.write, decision):
            return False
        self._holding = self._holding.confirmed(decision.lease, sent)
        return True
