"""Keeps lost regions lost: what an engine's start that was under way brings up in a killed one is killed as well."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.cloud.context import CloudContext
from local.loss import edge
from local.loss.ending import kill_processes
from local.site import REGIONS


@dataclass(frozen=True)
class Losses:
    """The only backing."""

    context: CloudContext
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
        loss = self.context.loss
        for region in REGIONS:
            if region in loss.killed:
                kill_processes(self.context.site, region)
            elif region in loss.cut:
                edge.freeze(self.context.site, region)
            elif region not in self._served:
                edge.thaw(self.context.site, region)
                self._served.add(region)
            if loss.lost(region):
                self._served.discard(region)
