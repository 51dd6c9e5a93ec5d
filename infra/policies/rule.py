"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from infra.policies.declared import Deployment, Resource, Stack


@dataclass(frozen=True)
class ResourceRule:
    """About one resource, judged before it is created or changed; `check` gives a text for each violation."""

    name: str
    demands: str
    why: str
    check: Callable[[Resource, Deployment], Iterable[str]]


@dataclass(frozen=True)
class Violation:
    resource: Resource
    text: str


@dataclass(frozen=True)
class StackRule:
    """About how resources belong together, judged when all are declared: at the end of a preview."""

    name: str
    demands: str
    why: str
    check: Callable[[Stack], Iterable[Violation]]


Rule = ResourceRule | StackRule


def violations(rule: Rule, stack: Stack) -> list[Violation]:
    if isinstance(rule, StackRule):
        return list(rule.check(stack))
    return [
        Violation(resource, text) for resource in stack.resources for text in rule.check(resource, stack.deployment)
    ]
