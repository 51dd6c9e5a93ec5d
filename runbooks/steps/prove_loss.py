"""Prove that a region is lost: three independent looks from outside, twice."""

from __future__ import annotations

from dataclasses import dataclass

from runbooks.model import Observation, Step, done, refused
from runbooks.ports import Situation

ROUNDS = 2


@dataclass(frozen=True)
class ProveLoss:
    """A region of which anything answers is not lost: a switchover loses nothing. Skip this to fail over all the same;
    the fence holds either way."""

    step = Step("prove-loss", "prove that the region is lost", deadline_s=60, skippable=True)

    def observe(self, at: Situation) -> Observation:
        if len({probe.name for probe in at.giving.probes}) < 3:
            return refused("a loss is proved by three independent probes, and there are fewer")
        for _ in range(ROUNDS):
            for probe in at.giving.probes:
                if (answer := probe.answers()) is not None:
                    return refused(
                        f"{at.plan.giving} is not lost: {probe.name} answers ({answer}). Nothing was done."
                        f" `aura switchover` loses nothing; to fail over all the same, resume with"
                        f" --skip {self.step.name}"
                    )
        names = ", ".join(probe.name for probe in at.giving.probes)
        return done(f"nothing answers: {names}", probes=names, rounds=ROUNDS)

    def act(self, at: Situation) -> None:
        """Nothing to do."""

    def verify(self, at: Situation) -> Observation:
        return done()
