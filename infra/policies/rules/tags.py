"""Everything of AWS says which project and which stack it is of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from infra.policies.declared import UNKNOWN, Deployment, Resource
from infra.policies.rule import ResourceRule


def _check(resource: Resource, deployment: Deployment) -> Iterable[str]:
    required = {"project": deployment.project, "stack": deployment.stack}
    if resource.type == "pulumi:providers:aws":
        yield from _missing(resource.properties, required)
    elif resource.type.startswith("aws:"):
        yield from _missing(resource.provider, required)
        own = resource.at("tags")
        for name, value in required.items():
            given = own.get(name, value) if isinstance(own, Mapping) else value
            if given not in (value, UNKNOWN):
                yield f"its tag {name} is {given!r}, not {value!r}"


def _missing(provider: Mapping[str, Any], required: Mapping[str, str]) -> Iterator[str]:
    default = _structure(provider.get("defaultTags"))
    tags = _structure(default.get("tags"))
    for name, value in required.items():
        if tags.get(name) not in (value, UNKNOWN):
            yield f"the provider's default tags have {name} = {tags.get(name)!r}, not {value!r}"


def _structure(value: Any) -> Mapping[str, Any]:
    """Pulumi keeps a provider's structures as JSON."""
    value = json.loads(value) if isinstance(value, str) else value
    return value if isinstance(value, Mapping) else {}


RULE = ResourceRule(
    "required-tags",
    "AWS resources come from a provider whose default tags have `project` and `stack`.",
    "Costs are told apart by them, and an interrupted creation is taken over only where they are right.",
    _check,
)
