"""What steps read at the witness: the lease, and the recovery points."""

from __future__ import annotations

from contracts import lease, recovery_point
from contracts.recovery_point import Loss, RecoveryPoints
from runbooks.ports import Situation, Unreachable, Witness


def held(witness: Witness) -> tuple[lease.Lease, str, float] | None:
    """The lease, its ETag, and the witness's clock."""
    stored = witness.read(lease.LEASE_KEY)
    return (lease.decode(stored.body), stored.etag, stored.now) if stored else None


def points(witness: Witness, region: str) -> RecoveryPoints:
    """Empty ones of a region that has recorded nothing."""
    stored = witness.read(recovery_point.key(region))
    return recovery_point.read(stored.body) if stored else RecoveryPoints(region)


def loss(at: Situation) -> Loss:
    """What the taking region lacks, by what both recorded last. The giving one may write until its lease expires."""
    found = held(at.witness)
    if found is None:
        raise Unreachable("there is no lease at the witness")
    giving, taking = points(at.witness, at.plan.giving), points(at.witness, at.plan.taking)
    return recovery_point.expected_loss(giving, taking, lease.expires_at(found[0]))
