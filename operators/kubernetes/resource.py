"""A custom resource as read from the API server. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from contracts.resource import PAUSED
from operators.kubernetes.conditions import Finding, broken

SPEC = "SpecValid"
Spec = TypeVar("Spec", bound=BaseModel)


def is_paused(body: Mapping[str, Any]) -> bool:
    """Whether somebody asked us to leave it alone."""
    return body["metadata"].get("annotations", {}).get(PAUSED, "").lower() == "true"


def is_going(body: Mapping[str, Any]) -> bool:
    """Whether it is being deleted."""
    return "deletionTimestamp" in body["metadata"]


def read(model: type[Spec], body: Mapping[str, Any]) -> Spec | Finding:
    """The spec, or what is wrong with it: stored before the schema said so, or past what a schema can say."""
    try:
        return model.model_validate(body.get("spec") or {})
    except ValidationError as error:
        wrong = "; ".join(f"spec.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        return broken(SPEC, "InvalidSpec", f"{wrong}; nothing was changed")
