"""Hand the lease to the region that takes over: from here on it may write."""

from __future__ import annotations

from dataclasses import dataclass

from contracts import lease
from runbooks.guards import fence_missing
from runbooks.model import Observation, Step, done, due, refused
from runbooks.ports import Refused, Situation
from runbooks.steps.fence_region import stopped
from runbooks.steps.seen import held


@dataclass(frozen=True)
class HandOverLease:
    step = Step("hand-over-lease", "let the region write", deadline_s=60)

    def observe(self, at: Situation) -> Observation:
        found = held(at.witness)
        if found is None:
            return refused("the lease was deleted from the witness")
        current, _, now = found
        if current.region == at.plan.taking and not current.fenced_by:
            return done(f"{at.plan.taking} has the lease", epoch=current.epoch, since=current.renewed_at)
        if why := fence_missing(current, now, at.execution, stopped(at)):
            return refused(why)
        if missing := unpromoted(at):
            return refused(f"not promoted: {', '.join(missing)}")
        return due(f"{current.region} has it, fenced")

    def act(self, at: Situation) -> None:
        found = held(at.witness)
        if found is None or found[0].fenced_by != at.execution:
            raise Refused("the lease is not fenced by this execution any more")
        try:
            after = lease.handed_over(found[0], at.plan.taking, at.execution, found[2], fence_proven=stopped(at))
        except lease.LeaseHeld as error:
            raise Refused(str(error)) from error
        at.witness.write(lease.LEASE_KEY, lease.encode(after), found[1])

    def verify(self, at: Situation) -> Observation:
        return self.observe(at)


def unpromoted(at: Situation) -> list[str]:
    """Databases of the taking region that still follow another."""
    names = [at.pair.instance(database, at.plan.taking) for database in at.pair.databases]
    return [name for name in names if (found := at.taking.databases.find(name)) is None or found.source]
