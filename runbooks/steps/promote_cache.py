"""Make the taking region's Redis the primary of the global datastore."""

from __future__ import annotations

from dataclasses import dataclass

from runbooks.model import Observation, Step, done, due, refused, waiting
from runbooks.ports import Refused, Situation
from runbooks.steps.promotion import refusal


@dataclass(frozen=True)
class PromoteCache:
    """Where the old primary answers, AWS hands over without a loss; where it does not, what it alone had is lost."""

    step = Step("promote-cache", "promote the cache", deadline_s=900)

    def observe(self, at: Situation) -> Observation:
        region, status = at.taking.cache.primary()
        if region == at.plan.taking:
            # A datastore of which one region is lost need not become `available` before that region is back.
            return done(f"{region} has the primary; the datastore is {status}")
        if status != "available":
            return waiting(f"the datastore is {status}")
        if why := refusal(at, at.pair.databases):
            return refused(why)
        return due(f"{region} has the primary")

    def act(self, at: Situation) -> None:
        if why := refusal(at, at.pair.databases):
            raise Refused(why)
        at.taking.cache.fail_over(at.plan.taking)

    def verify(self, at: Situation) -> Observation:
        return self.observe(at)
