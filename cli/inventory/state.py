"""The resources of an exported state, as `pulumi stack export` prints it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.policies.declared import Deployment, Resource, Stack


class UnusableState(ValueError):
    """The document is no export of a stack; the text says what it lacks."""


SIZES = ("allocatedStorage", "instanceClass", "nodeType", "numCacheClusters")
"""What a replica need not declare, because it has it of its source; AWS's answer has it."""


def parse(document: Any) -> Stack:
    """Properties are the inputs, and SIZES. Raises UnusableState."""
    deployment = document.get("deployment") if isinstance(document, Mapping) else None
    if not isinstance(deployment, Mapping):
        raise UnusableState("it has no `deployment`, as what `pulumi stack export` prints has")
    resources = [one for one in deployment.get("resources") or [] if not one.get("delete")]
    if not resources:
        raise UnusableState("the stack holds nothing: has `pulumi up` made it?")
    providers = {one["urn"]: one.get("inputs", {}) for one in resources if one["type"].startswith("pulumi:providers:")}
    stack, project = resources[0]["urn"].removeprefix("urn:pulumi:").split("::")[:2]
    return Stack(Deployment(project, stack), tuple(_resource(one, providers) for one in resources))


def _resource(one: Mapping[str, Any], providers: Mapping[str, Mapping[str, Any]]) -> Resource:
    dependencies = one.get("propertyDependencies") or {}
    outputs = one.get("outputs") or {}
    return Resource(
        type=one["type"],
        name=one["urn"].rpartition("::")[2],
        properties={name: outputs[name] for name in SIZES if name in outputs} | (one.get("inputs") or {}),
        urn=one["urn"],
        protected=bool(one.get("protect")),
        provider=providers.get((one.get("provider") or "").rpartition("::")[0], {}),
        refers={name: frozenset(urns or ()) for name, urns in dependencies.items()},
    )
