"""Fence a region at the witness, and wait until it takes no writes: by its own report, or because its term passed."""

from __future__ import annotations

from dataclasses import dataclass

from contracts import lease
from runbooks.guards import fence_missing
from runbooks.model import Observation, Step, done, due, refused, waiting
from runbooks.ports import Situation
from runbooks.steps.seen import held, points


@dataclass(frozen=True)
class FenceRegion:
    """The fence is one conditional write; it needs nothing of the region."""

    step = Step("fence-region", "fence the region and prove it", deadline_s=90)

    def observe(self, at: Situation) -> Observation:
        found = held(at.witness)
        if found is None:
            return refused("there is no lease at the witness: no region was ever active, or it was deleted")
        current, _, now = found
        if current.region != at.plan.giving:
            return refused(f"{current.region} has the lease, not {at.plan.giving}: there is nothing to fail over from")
        if current.fenced_by and current.fenced_by != at.execution:
            return refused(f"{current.fenced_by} fenced {current.region} already: resume that execution")
        if not current.fenced_by:
            return due(f"{current.region} holds the lease (epoch {current.epoch})")
        if missing := fence_missing(current, now, at.execution, stopped(at)):
            return waiting(missing)
        return done(f"{current.region} takes no writes", epoch=current.epoch, renewed_at=current.renewed_at)

    def act(self, at: Situation) -> None:
        found = held(at.witness)
        if found and found[0].region == at.plan.giving and not found[0].fenced_by:
            at.witness.write(lease.LEASE_KEY, lease.encode(lease.fenced(found[0], at.execution)), found[1])

    def verify(self, at: Situation) -> Observation:
        return self.observe(at)


def stopped(at: Situation) -> bool:
    """Whether the region was seen to have stopped under this fence: every database refuses writes, and says so."""
    newest = points(at.witness, at.plan.giving).newest
    if newest is None or newest.fenced_by != at.execution:
        return False
    primaries = {name: one for name, one in newest.databases.items() if one.primary}
    return set(primaries) >= set(at.pair.databases) and not any(one.writable for one in primaries.values())
