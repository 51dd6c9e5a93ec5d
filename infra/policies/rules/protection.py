"""In prod, Pulumi refuses to delete or replace what holds state."""

from __future__ import annotations

from collections.abc import Iterable

from infra.policies.declared import Deployment, Resource
from infra.policies.rule import ResourceRule
from infra.policies.rules.backups import PROD
from infra.policies.stateful import STATEFUL


def _check(resource: Resource, deployment: Deployment) -> Iterable[str]:
    if deployment.stack == PROD and resource.type in STATEFUL and not resource.protected:
        yield "is not protected: a change that replaces it would delete what it holds"


RULE = ResourceRule(
    "protection",
    f"In {PROD}, whatever holds state has Pulumi's `protect`.",
    "Some changes of a property replace the resource; `protect` makes such an update fail before anything is deleted.",
    _check,
)
