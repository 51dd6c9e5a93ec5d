"""What a stack declares, as the rules see it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, final


@final
class Unknown:
    """A value that a preview cannot know yet. It is something: no rule takes it for missing."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Resource:
    """`type` is Pulumi's, such as "aws:rds/instance:Instance"; `properties` are in camelCase, as in the state."""

    type: str
    name: str
    properties: Mapping[str, Any]
    urn: str = ""
    protected: bool = False
    provider: Mapping[str, Any] = field(default_factory=dict)
    """Properties of its provider; empty for one of the CLI's own."""
    refers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """URNs of the resources whose outputs are in a property; empty where only inputs are known."""

    @property
    def region(self) -> str:
        """Of AWS; "" where there is none."""
        found = self.properties.get("region") or self.provider.get("region")
        return found if isinstance(found, str) else ""

    def at(self, path: str) -> Any:
        """The value at a dotted path; None where there is none, UNKNOWN beneath an unknown one."""
        value: Any = self.properties
        for key in path.split("."):
            if value is UNKNOWN:
                return UNKNOWN
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def items(self, path: str) -> Iterator[Mapping[str, Any]]:
        """The objects of a list, or the only one where Pulumi has it unwrapped."""
        value = self.at(path)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                yield one

    def mentions(self, other: Resource) -> bool:
        """Whether any property has an output of the other."""
        return any(other.urn in urns for urns in self.refers.values())


@dataclass(frozen=True)
class Deployment:
    """What is deployed: the project's stack with its configuration, whose secrets are left out."""

    project: str
    stack: str
    configuration: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pair(self) -> Pair | None:
        """None without a passive region."""
        roles = self.configuration.get("aura:pair")
        if not isinstance(roles, Mapping) or not roles.get("passive"):
            return None
        return Pair(str(roles.get("active")), str(roles["passive"]), str(roles.get("witness", "")))


@dataclass(frozen=True)
class Pair:
    active: str
    passive: str
    witness: str

    def other(self, region: str) -> str:
        """The counterpart of one of the two regions; "" of any other."""
        return {self.active: self.passive, self.passive: self.active}.get(region, "")


@dataclass(frozen=True)
class Stack:
    deployment: Deployment
    resources: tuple[Resource, ...]

    def of(self, type: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.type == type]


def is_true(value: Any) -> bool:
    """Switched on, or not known yet; providers write some booleans as text."""
    return value is UNKNOWN or value is True or value == "true"


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value, with its dotted path."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item, path)
    elif isinstance(value, str):
        yield path, value


def statements(resource: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The statements of all policy documents of a resource, with the property that has them."""
    for path, text in texts(resource.properties):
        if not text.lstrip().startswith("{") or '"Statement"' not in text:
            continue
        try:
            document = json.loads(text)
        except ValueError:
            continue
        found = document.get("Statement", []) if isinstance(document, dict) else []
        for statement in found if isinstance(found, list) else [found]:
            yield path, statement


def listed(value: Any) -> list[Any]:
    """An element of a policy document, which may be one text or a list of them."""
    return [] if value is None else value if isinstance(value, list) else [value]
