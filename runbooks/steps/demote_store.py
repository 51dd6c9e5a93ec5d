"""Wait until the giving region's time-series store is a replica: its token proves to the other one what it had."""

from __future__ import annotations

from dataclasses import dataclass

from runbooks.model import Observation, Step, done, refused, waiting
from runbooks.ports import Situation


@dataclass(frozen=True)
class DemoteStore:
    """The operators demote it, because the region was told that it stands by."""

    step = Step("demote-store", "make the time-series store a replica", deadline_s=180)

    def observe(self, at: Situation) -> Observation:
        found = at.giving.store.find()
        if found is None:
            return refused(f"{at.plan.giving} has no time-series store")
        if found.primary or not found.token:
            return waiting(f"the store of {at.plan.giving} is shutting down")
        return done("nobody takes writes", token=found.token)

    def act(self, at: Situation) -> None:
        """Nothing to do: the operators act by the region's role."""

    def verify(self, at: Situation) -> Observation:
        return self.observe(at)
