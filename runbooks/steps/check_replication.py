"""Refuse to leave a region while the other one does not have its data: it must be a replica, and have streamed."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.recovery_point import not_streaming
from runbooks.model import Mode, Observation, Step, done, refused, waiting
from runbooks.ports import Situation
from runbooks.steps.seen import held, points


@dataclass(frozen=True)
class CheckReplication:
    """After a failover the old region is no replica until `aura failback` has made it one: a second failover would
    bring its old data back as the truth. What is asked is what was so while the giving region still wrote."""

    step = Step("check-replication", "check that the other region has replicated", deadline_s=120)

    def observe(self, at: Situation) -> Observation:
        found = held(at.witness)
        if found is None or found[0].region != at.plan.giving:
            return refused(f"{found[0].region if found else 'nobody'} has the lease, not {at.plan.giving}")
        for database in at.pair.databases:
            name = at.pair.instance(database, at.plan.taking)
            instance = at.taking.databases.find(name)
            if instance is None or not instance.source:
                what = "does not exist" if instance is None else "follows nobody"
                return refused(
                    f"{database}: {name} in {at.plan.taking} {what}, so it does not have what {at.plan.giving} wrote."
                    " Nothing was changed. `aura failback` makes it a replica."
                )
        giving, taking = points(at.witness, at.plan.giving), points(at.witness, at.plan.taking)
        newest = giving.newest
        before = newest.at if newest and at.plan.mode is Mode.UNGRACEFUL else None
        if stale := not_streaming(taking, at.pair.databases, before):
            text = f"{', '.join(stale)} does not stream to {at.plan.taking}, by its recovery points"
            if at.plan.mode is Mode.GRACEFUL:
                return waiting(text)
            return refused(f"{text}: it never did. Nothing was changed. `aura evaluate` says more.")
        return done("every database streamed", databases=len(at.pair.databases))

    def act(self, at: Situation) -> None:
        """Nothing to do."""

    def verify(self, at: Situation) -> Observation:
        return done()
