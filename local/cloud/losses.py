"""Keeps lost regions lost: what an engine's start that was under way brings up in a killed one is killed as well."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from local.cloud.context import CloudContext
from local.loss import edge
from local.loss.ending import kill_processes
from local.site import REGIONS

_EVERY_SECONDS = 1.0
"""Each look searches all folders of a region."""


@dataclass
class Losses:
    """The only backing."""

    context: CloudContext
    _looked_at: dict[str, float] = field(default_factory=dict)
    """When each lost region was looked at last; on the monotonic clock."""
    _served: set[str] = field(default_factory=set)
    """Regions whose clients are known to be served again."""

    @property
    def key(self) -> str:
        """AWS has no name for it; it belongs to no region, so that it is always reconciled."""
        return "arn:aws:::losses"

    def backings(self) -> list[Losses]:
        """Called under the lock."""
        return [self]

    def reconcile(self) -> None:
        loss, now = self.context.loss, time.monotonic()
        for region in REGIONS:
            if loss.lost(region):
                self._served.discard(region)
                if now - self._looked_at.get(region, -_EVERY_SECONDS) >= _EVERY_SECONDS:
                    self._looked_at[region] = now
                    self._keep_lost(region, region in loss.killed)
            elif region not in self._served:
                edge.thaw(self.context.site, region)
                self._served.add(region)

    def _keep_lost(self, region: str, killed: bool) -> None:
        if killed:
            kill_processes(self.context.site, region)
        else:
            edge.freeze(self.context.site, region)
