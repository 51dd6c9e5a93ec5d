"""What a process knows of its region's lease, and what it says of the region. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from contracts.lease import RENEWALS_A_TERM, Found, Lease, Missing, Refused
from contracts.platform import RegionRole
from contracts.region_state import RegionReport, RegionState


@dataclass(frozen=True, slots=True)
class Holding:
    """Times are seconds of a clock without steps; `renewed` is when the last confirmed renewal was sent."""

    lease: Lease | None = None
    """As last read or written."""
    renewed: float | None = None
    refused: Refused | None = None
    trouble: str = "the witness has not answered yet"
    """Why nothing newer is known; "" while the witness answers."""

    def looked(self, seen: Found | Missing, refused: Refused | None) -> Holding:
        """What it refuses ends at once. A renewal counts for its own epoch. What was there once is not forgotten."""
        if isinstance(seen, Missing):
            return Holding(self.lease, None, refused, "")
        same = self.lease is not None and seen.lease.epoch == self.lease.epoch
        return Holding(seen.lease, self.renewed if same and not refused else None, refused, "")

    def confirmed(self, lease: Lease, sent: float) -> Holding:
        return Holding(lease, sent, None, "")

    def troubled(self, reason: str) -> Holding:
        """A lease that was confirmed lasts until its term ends."""
        return replace(self, trouble=reason)

    def renewal_due(self, now: float) -> bool:
        return self.renewed is None or self.lease is None or now >= self.renewed + self.lease.term_s / RENEWALS_A_TERM

    def remaining(self, now: float) -> float:
        """Seconds for which the region may serve."""
        if self.renewed is None or self.lease is None:
            return 0.0
        return max(0.0, self.renewed + self.lease.term_s - now)


def report(region: str, role: RegionRole, holding: Holding, now: float) -> RegionReport:
    """A region that is not active is fenced, unless it is known to stand by."""
    epoch, fenced_by = (holding.lease.epoch, holding.lease.fenced_by) if holding.lease else (0, "")
    if remaining := holding.remaining(now):
        return RegionReport(region, role, RegionState.ACTIVE, "", epoch, fenced_by, remaining)
    reason = holding.trouble or (holding.refused.reason if holding.refused else "no renewal was confirmed in time")
    passive = holding.refused is not None and not holding.refused.fenced
    state = RegionState.PASSIVE if passive else RegionState.FENCED
    return RegionReport(region, role, state, reason, epoch, fenced_by, 0.0)


def without_lease(region: str, role: RegionRole) -> RegionReport:
    """Of a stack that has no other region."""
    return RegionReport(region, role, RegionState.ACTIVE, "", 0, "", None)
