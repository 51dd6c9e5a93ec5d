"""Wait for the proof that the taking region has every message of the one that served before."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.recovery_point import messages_missing
from runbooks.model import Observation, Step, done, refused, waiting
from runbooks.ports import Situation
from runbooks.steps.await_catch_up import AwaitCatchUp
from runbooks.steps.seen import points

WRITERS_END_S = 30.0
"""After the fence: sockets are closed and dataflows have stopped, as their Pods' grace period has passed."""


@dataclass(frozen=True)
class AwaitMessages:
    """People are served meanwhile: what arrives later is processed later, none is left out. MSK measures its
    replicator's lag once a minute, so the proof takes as long."""

    step = Step(
        "await-messages", "wait until every message has arrived", deadline_s=900, skippable=True, post_recovery=True
    )

    def observe(self, at: Situation) -> Observation:
        fenced = at.fact(AwaitCatchUp.step.name, "fenced_at")
        if not isinstance(fenced, float | int):
            return refused(f"nobody has recorded when {at.plan.giving} was fenced; its messages still arrive")
        missing = messages_missing(points(at.witness, at.plan.taking), fenced + WRITERS_END_S)
        return waiting("; ".join(missing)) if missing else done("nothing is missing")

    def act(self, at: Situation) -> None:
        """Nothing to do: the replicator does it."""

    def verify(self, at: Situation) -> Observation:
        return self.observe(at)
