"""A plan together with the code of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runbooks.model import Mode, Plan
from runbooks.ports import Action

Groups = Sequence[Sequence[Action]]


@dataclass(frozen=True)
class Runbook:
    plan: Plan
    actions: dict[str, Action]


def runbook(name: str, mode: Mode, giving: str, taking: str, groups: Groups) -> Runbook:
    """Raises ValueError when two steps have one name."""
    actions = {action.step.name: action for group in groups for action in group}
    plan = Plan(name, mode, giving, taking, tuple(tuple(action.step for action in group) for group in groups))
    if len(actions) != len(plan.steps):
        raise ValueError(f"plan {name} names a step twice")
    return Runbook(plan, actions)
