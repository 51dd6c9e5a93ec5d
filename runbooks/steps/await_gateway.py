"""Wait until the taking region answers that it serves: at its gateway, and where Route 53's health checks ask, which
names follow."""

from __future__ import annotations

from dataclasses import dataclass

from runbooks.model import Observation, Step, done, waiting
from runbooks.ports import Situation


@dataclass(frozen=True)
class AwaitGateway:
    step = Step("await-gateway", "wait until the gateway serves", deadline_s=300, skippable=True)

    def observe(self, at: Situation) -> Observation:
        answer = at.taking.serves.answers()
        return done(answer) if answer is not None else waiting(f"{at.taking.serves.name} does not answer 200 yet")

    def act(self, at: Situation) -> None:
        """Nothing to do: the region notices its lease, and names follow health checks."""

    def verify(self, at: Situation) -> Observation:
        return self.observe(at)
