"""Wait until the taking region's AuraServices and BioStreams are Ready."""

from __future__ import annotations

from dataclasses import dataclass

from runbooks.model import Observation, Step, done, waiting
from runbooks.ports import Situation


@dataclass(frozen=True)
class AwaitServices:
    step = Step("await-services", "scale the services, and wait until they are Ready", deadline_s=600, skippable=True)

    def observe(self, at: Situation) -> Observation:
        unready = at.taking.cluster.unready()
        return waiting("; ".join(unready[:3])) if unready else done("all Ready")

    def act(self, at: Situation) -> None:
        """Nothing to do: the operators scale."""

    def verify(self, at: Situation) -> Observation:
        return self.observe(at)
