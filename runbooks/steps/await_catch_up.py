"""Wait for the proof that the taking region has every write of the fenced one."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.recovery_point import fenced_at, not_caught_up
from runbooks.model import Observation, Step, done, waiting
from runbooks.ports import Situation
from runbooks.steps.seen import points


@dataclass(frozen=True)
class AwaitCatchUp:
    step = Step("await-catch-up", "wait until the other region has every write", deadline_s=120)

    def observe(self, at: Situation) -> Observation:
        missing = [why for name in at.pair.databases if (why := proof_missing(at, name))]
        if missing:
            return waiting("; ".join(missing))
        fenced = fenced_at(points(at.witness, at.plan.giving), at.execution)
        return done("nothing is missing", databases=len(at.pair.databases), fenced_at=fenced)

    def act(self, at: Situation) -> None:
        """Nothing to do: replication does it."""

    def verify(self, at: Situation) -> Observation:
        return self.observe(at)


def proof_missing(at: Situation, database: str) -> str | None:
    giving, taking = points(at.witness, at.plan.giving), points(at.witness, at.plan.taking)
    return not_caught_up(giving, taking, database, at.execution)
