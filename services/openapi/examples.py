"""What a client may send: an example that stands in the schema, or else the plainest value of its type. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.openapi.operations import resolved

UUID = "00000000-0000-4000-8000-000000000000"


class NoExample(ValueError):
    """Nothing can be made up for this schema: it needs an example of its own. The text says where."""


def example(schema: Mapping[str, Any], document: Mapping[str, Any], where: str) -> Any:
    """A value for `schema`; raises NoExample for what has rules of its own, such as a pattern, and no example."""
    schema = resolved(schema, document)
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    match schema:
        case {"type": "integer"}:
            return schema.get("minimum", 1)
        case {"type": "string", "format": "uuid"}:
            return UUID
        case _:
            raise NoExample(f"{where} has no example: give its model or parameter one (`examples`)")


def has_example(schema: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Whether somebody gave this schema an example, so that it is of use although it may be left out."""
    return "examples" in resolved(schema, document)
