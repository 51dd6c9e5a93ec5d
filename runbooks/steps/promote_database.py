"""Promote the replica of one database, under the fence, with proof that nothing is lost or the accepted loss."""

from __future__ import annotations

from dataclasses import dataclass

from runbooks.model import Observation, Step, done, due, refused, waiting
from runbooks.ports import Refused, Situation
from runbooks.steps.promotion import refusal
from runbooks.steps.seen import points


@dataclass(frozen=True)
class PromoteDatabase:
    database: str

    @property
    def step(self) -> Step:
        return Step(f"promote-database/{self.database}", f"promote database {self.database}", deadline_s=900)

    def observe(self, at: Situation) -> Observation:
        name = at.pair.instance(self.database, at.plan.taking)
        found = at.taking.databases.find(name)
        if found is None:
            return refused(f"{at.plan.taking} has no instance {name}: there is nothing to promote")
        if found.status != "available":
            return waiting(f"{name} is {found.status}")
        if not found.source:
            return done(f"{name} takes writes", instance=name, lsn=self._replayed(at))
        if why := refusal(at, [self.database]):
            return refused(why)
        return due(f"{name} is a replica")

    def act(self, at: Situation) -> None:
        if why := refusal(at, [self.database]):
            raise Refused(why)
        at.taking.databases.promote(at.pair.instance(self.database, at.plan.taking))

    def verify(self, at: Situation) -> Observation:
        return self.observe(at)

    def _replayed(self, at: Situation) -> int:
        """What it had of the old primary, in bytes of WAL, as last seen while it was a replica: what comes after in the
        old primary is missing here."""
        samples = points(at.witness, at.plan.taking).samples
        seen = [one.databases[self.database] for one in samples if self.database in one.databases]
        return max((one.lsn for one in seen if not one.primary), default=0)
