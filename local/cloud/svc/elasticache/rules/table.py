"""A rule, and the facts that rules may ask for. Pure: whoever calls gathers the facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.cloud.service.errors import AwsError, unsupported

VALUE, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"
CREATE = "API reference, CreateReplicationGroup"
MODIFY = "API reference, ModifyReplicationGroup"


@dataclass(frozen=True)
class Facts:
    """What the region has of that which a request names."""

    zones: frozenset[str] = frozenset()
    """Of the subnet group, or of the region without one."""
    vpc: str | None = None
    """Of the subnet group."""
    security_groups: Mapping[str, str] = field(default_factory=dict)
    """Of those named, the ones that exist, with their VPC."""
    family: str | None = None
    """Of the parameter group."""
    cluster_mode: bool = False
    """Whether the parameter group is for cluster mode."""


@dataclass(frozen=True)
class Request:
    inputs: Mapping[str, Any]
    facts: Facts = Facts()

    def __getitem__(self, name: str) -> Any:
        return self.inputs.get(name)

    def engine(self) -> str:
        """Of a replication group; Redis if it is not given."""
        return self.inputs.get("Engine", "redis")

    def __contains__(self, name: str) -> bool:
        return self.inputs.get(name) is not None


@dataclass(frozen=True)
class Rule:
    code: str
    message: str
    """May name inputs, such as {Port}."""
    broken: Callable[[Request], bool]
    source: str


def check(rules: Iterable[Rule], request: Request) -> None:
    """Raises the AwsError of the first rule that the request breaks."""
    for rule in rules:
        if rule.broken(request):
            raise AwsError(rule.code, rule.message.format_map(_Known(request.inputs)))


def refuse(missing: Mapping[str, str], request: Request) -> None:
    """Raises NotImplemented for the first input that AWS takes and this cloud cannot honour: input -> what it is."""
    for name, what in missing.items():
        if request[name]:
            raise unsupported(what)


class _Known(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""
