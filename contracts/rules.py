"""Validation rules of the API server (CEL, `x-kubernetes-validations`), some with the same decision in Python.

The API server refuses what is new or changed. Where a resource that was stored before a rule existed would do harm, the
models decide the same (`Checked`, `offenders`), so that the operators can say so in its status. Every list, map and
string that a rule walks needs a bound: the API server refuses a definition whose estimated cost is too high.
https://kubernetes.io/docs/reference/using-api/cel/#resource-constraints
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


class Rule(NamedTuple):
    """A CEL expression over `self` (and `oldSelf`) that must hold, and the error message."""

    expression: str
    message: str
    field: str = ""
    """Path of the invalid field relative to the object with the rule, as in `.partitions`."""
    names: str = ""
    """A CEL list of what breaks the rule: the message ends with the first of it. All of it, by `join`, has an estimated
    cost that the API server refuses."""
    offenders: Callable[[Any], Iterable[str]] | None = None
    """What breaks the rule in a model; None for a rule that the models do not check."""

    def to_schema(self) -> dict[str, str]:
        """An entry of `x-kubernetes-validations`."""
        entry = {"rule": self.expression, "message": self.message}
        if self.names:
            entry["messageExpression"] = f"'{self.message}: ' + {self.names}[0]"
        return entry | {"fieldPath": self.field} if self.field else entry

    def check(self, model: Any) -> None:
        """Raises ValueError with the message of the API server."""
        if self.offenders and (found := list(self.offenders(model))):
            raise ValueError(f"{self.message}: {found[0]}")


def none_of(names: str, message: str, field: str, offenders: Callable[[Any], Iterable[str]]) -> Rule:
    """Requires that the CEL list `names` is empty; the message ends with the first in it."""
    return Rule(f"{names}.size() == 0", message, field, names, offenders)


def immutable(field: str, default: str | None = None) -> Rule:
    """Forbids changes of a member; `default` is its value if unset, None for a required member."""
    return Rule(
        f"{value_of('self', field, default)} == {value_of('oldSelf', field, default)}",
        f"{field} cannot be changed: data lies under it; delete the resource and declare another",
        f".{field}",
    )


def non_decreasing(field: str, default: int | None = None) -> Rule:
    """Forbids a smaller number than before; `default` as in `immutable`."""
    return Rule(
        f"{value_of('self', field, default)} >= {value_of('oldSelf', field, default)}",
        f"{field} cannot shrink",
        f".{field}",
    )


def value_of(of: str, field: str, default: str | int | None) -> str:
    """CEL: the member `field` of `of`, or `default` if it is unset."""
    if default is None:
        return f"{of}.{field}"
    literal = f"'{default}'" if isinstance(default, str) else str(default)
    return f"(has({of}.{field}) ? {of}.{field} : {literal})"


@dataclass(frozen=True)
class Checked:
    """Marks an annotated scalar: `expression` is CEL over `self`, `holds` the same decision in Python."""

    expression: str
    message: str
    holds: Callable[[Any], bool]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        schema.setdefault("x-kubernetes-validations", []).append({"rule": self.expression, "message": self.message})
        return schema

    def _check(self, value: Any) -> Any:
        if not self.holds(value):
            raise ValueError(f"{value}: {self.message}")
        return value


@dataclass(frozen=True)
class Unique:
    """Marks an annotated list: no two items have the same `members`, or are the same if none is named."""

    members: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        kind = {"x-kubernetes-list-type": "map" if self.members else "set"}
        return handler(core) | kind | ({"x-kubernetes-list-map-keys": list(self.members)} if self.members else {})

    def _check(self, items: list[Any]) -> list[Any]:
        seen: set[Hashable] = set()
        for item in items:
            key = tuple(getattr(item, member) for member in self.members) if self.members else item
            if key in seen:
                raise ValueError(f"{', '.join(map(str, key)) if self.members else key} is there twice")
            seen.add(key)
        return items
