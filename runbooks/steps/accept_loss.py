"""Measure what would be lost, and ask for it to be typed."""

from __future__ import annotations

from dataclasses import dataclass

from contracts import recovery_point
from runbooks.model import Observation, Step, ask, done
from runbooks.ports import Situation
from runbooks.steps.seen import loss


@dataclass(frozen=True)
class AcceptLoss:
    step = Step("accept-loss", "measure what would be lost, and accept it", deadline_s=3600)

    def observe(self, at: Situation) -> Observation:
        found = loss(at)
        phrase = recovery_point.phrase(found)
        if at.answers.get(self.step.name) != phrase:
            return ask(question(at.plan.taking, found), phrase)
        return done(phrase, loss=recovery_point.encode_loss(found), accepted=phrase)

    def act(self, at: Situation) -> None:
        """Nothing to do: a person answers."""

    def verify(self, at: Situation) -> Observation:
        return self.observe(at)


def question(taking: str, found: recovery_point.Loss) -> str:
    lines = [f"{taking} would begin without, at most:"]
    for one in found.stores:
        amount = "an unknown number of" if one.amount is None else f"{one.amount:,}"
        lines.append(f"  {one.store}: {amount} {one.unit}{f' ({one.why})' if one.why else ''}")
    if found.unseen_s > 0:
        lines.append(f"  and what was written in {found.unseen_s:.0f} s after the last recovery point")
    return "\n".join(lines)
