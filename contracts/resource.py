"""What all custom resources share: API group, base class of the models, types of their members."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from contracts.rules import Checked, Rule

GROUP = "platform.aurawellness.com"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

PAUSED = f"{GROUP}/paused"
"""Annotation: "true" pauses reconciliation of the resource."""

OF_THE_PLATFORM = "^(rds/|redis/|kafka/|opensearch/|AmazonMSK)"
"""Secrets of the platform's own: the logins of databases, caches and brokers."""
_WITH_PREFIX = "^aura/"
_OWNED = "^[^/]+/."

SecretReference = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9/_+=.@-]+(#[A-Za-z0-9_.-]+)?(:AWSPREVIOUS)?$", max_length=512),
    Checked(
        f"!self.matches('{OF_THE_PLATFORM}')",
        "logins of databases, caches and brokers are the platform's; declare database or needs instead",
        lambda name: not re.match(OF_THE_PLATFORM, name),
    ),
    Checked(
        f"!self.matches('{_WITH_PREFIX}')",
        "leave out aura/<stack>/, the operators add that of their stack",
        lambda name: not re.match(_WITH_PREFIX, name),
    ),
    Checked(
        f"self.matches('{_OWNED}')",
        "a secret is named <owner>/<name>: the owner is the service or stream that it belongs to",
        lambda name: bool(re.match(_OWNED, name)),
    ),
]
"""A secret of AWS Secrets Manager; `payments/stripe#key` is one member of a secret that is a JSON object, and
`payments/stripe:AWSPREVIOUS` the value before the last rotation, empty while there is none."""


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

    @model_validator(mode="after")
    def _check_rules(self) -> Self:
        for rule in type(self).rules:
            rule.check(self)
        return self

    def to_manifest(self) -> dict[str, Any]:
        """As written in a manifest: camelCase, without unset members."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class DeletionPolicy(StrEnum):
    """What happens to the data when its resource is deleted."""

    RETAIN = "Retain"
    DELETE = "Delete"


class Placement(StrEnum):
    """The node group on which Pods run; spot nodes can be reclaimed with two minutes' notice."""

    SPOT = "spot"
    ON_DEMAND = "on-demand"
