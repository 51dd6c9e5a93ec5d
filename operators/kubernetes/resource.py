"""A custom resource as read from the API server. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from contracts.names import reserved
from contracts.resource import PAUSED
from operators.kubernetes.conditions import Finding, broken

SPEC_VALID = "SpecValid"
NAME_FREE = "NameFree"
Spec = TypeVar("Spec", bound=BaseModel)


def is_paused(body: Mapping[str, Any]) -> bool:
    """Whether its annotation pauses reconciliation."""
    return body["metadata"].get("annotations", {}).get(PAUSED, "").lower() == "true"


def is_terminating(body: Mapping[str, Any]) -> bool:
    """Whether it is being deleted."""
    return "deletionTimestamp" in body["metadata"]


def parse_spec(model: type[Spec], body: Mapping[str, Any]) -> Spec | Finding:
    """The spec, or a finding that it is invalid: stored under an older schema, or wrong beyond what a schema checks."""
    try:
        return model.model_validate(body.get("spec") or {})
    except ValidationError as error:
        errors = "; ".join(
            f"{'.'.join(map(str, ('spec', *one['loc'])))}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )
        return broken(SPEC_VALID, "InvalidSpec", f"{errors}; correct it: what runs is left as it is")


def reserved_name(body: Mapping[str, Any]) -> list[Finding]:
    """A finding about a resource whose name was reserved after it was created: it is reconciled nonetheless."""
    reason = reserved(body["metadata"]["name"])
    return [broken(NAME_FREE, "NameReserved", f"{reason}; it is reconciled as before")] if reason else []
