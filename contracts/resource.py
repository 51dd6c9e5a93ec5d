"""What all custom resources share: API group, base class of the models, validation rules of the API server."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from contracts.durations import cel

GROUP = "platform.aurawellness.com"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

PAUSED = f"{GROUP}/paused"
"""Annotation: "true" pauses reconciliation of the resource."""

NAME_PATTERN = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
IMAGE_PATTERN = r"^[a-z0-9][-a-z0-9._/:@]*$"

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=50)]
Image = Annotated[str, Field(pattern=IMAGE_PATTERN, max_length=255)]
SecretReference = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9/_+=.@-]+(#[A-Za-z0-9_.-]+)?(:AWSPREVIOUS)?$", max_length=512)
]
"""A secret of AWS Secrets Manager; `payments/stripe#key` is one member of a secret that is a JSON object, and
`payments/stripe:AWSPREVIOUS` the value before the last rotation, empty while there is none."""


class Rule(NamedTuple):
    """A CEL expression over `self` (and `oldSelf`) that must hold, and the error message."""

    expression: str
    message: str
    field: str = ""
    """Path of the invalid field relative to the object with the rule, as in `.partitions`."""

    def to_schema(self) -> dict[str, str]:
        """An entry of `x-kubernetes-validations`."""
        entry = {"rule": self.expression, "message": self.message}
        return entry | {"fieldPath": self.field} if self.field else entry


class ResourceModel(BaseModel):
    """Base class of all models in specs and statuses: camelCase in manifests, unknown fields forbidden, immutable."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)
    rules: ClassVar[tuple[Rule, ...]] = ()

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The model's schema with its rules, as the API server evaluates them."""
        schema = handler(core)
        if cls.rules:
            handler.resolve_ref_schema(schema)["x-kubernetes-validations"] = [rule.to_schema() for rule in cls.rules]
        return schema

    def to_manifest(self) -> dict[str, Any]:
        """As written in a manifest: camelCase, without unset members."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def immutable(field: str, default: str | None = None) -> Rule:
    """Forbids changes of a member; `default` is its value if unset, None for a required member."""
    return Rule(
        f"{_value('self', field, default)} == {_value('oldSelf', field, default)}",
        f"{field} cannot be changed: data lies under it; delete the resource and declare another",
        f".{field}",
    )


def non_decreasing(field: str, default: int | None = None) -> Rule:
    """Forbids a smaller number than before; `default` as in `immutable`."""
    return Rule(
        f"{_value('self', field, default)} >= {_value('oldSelf', field, default)}",
        f"{field} cannot shrink",
        f".{field}",
    )


def duration_rule(condition: str, message: str, field: str, **durations: str) -> Rule:
    """Requires that `condition` holds for durations: a CEL expression in which `ms` lists their milliseconds.

    `durations` names the members in this order, with the default of each. A malformed duration passes here: its own
    pattern refuses it.
    """
    ms = cel([_value("self", member, default) for member, default in durations.items()])
    return Rule(f"[{ms}].all(ms, ms.size() < {len(durations)} || {condition})", message, f".{field}")


def _value(of: str, field: str, default: str | int | None) -> str:
    if default is None:
        return f"{of}.{field}"
    literal = f"'{default}'" if isinstance(default, str) else str(default)
    return f"(has({of}.{field}) ? {of}.{field} : {literal})"


class DeletionPolicy(StrEnum):
    """What happens to the data when its resource is deleted."""

    RETAIN = "Retain"
    DELETE = "Delete"


class Placement(StrEnum):
    """The node group on which Pods run; spot nodes can be reclaimed with two minutes' notice."""

    SPOT = "spot"
    ON_DEMAND = "on-demand"
