"""What botocore's service model says about a value and its validator does not check: patterns, enumerations, maxima."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from botocore.model import Shape


def violations(shape: Shape, value: Any, name: str = "") -> Iterator[str]:
    """A sentence for each constraint of `shape` that `value` does not satisfy; `name` is the path of the parameter."""
    if shape.type_name == "structure":
        for member, inner in shape.members.items():  # pyright: ignore[reportAttributeAccessIssue]
            if value.get(member) is not None:
                yield from violations(inner, value[member], f"{name}.{member}".lstrip("."))
    elif shape.type_name == "list":
        yield from _sized(shape, value, name)
        for item in value:
            yield from violations(shape.member, item, name)  # pyright: ignore[reportAttributeAccessIssue]
    elif shape.type_name == "map":
        yield from _sized(shape, value, name)
        for key, item in value.items():
            yield from violations(shape.key, key, name)  # pyright: ignore[reportAttributeAccessIssue]
            yield from violations(shape.value, item, name)  # pyright: ignore[reportAttributeAccessIssue]
    elif shape.type_name == "string":
        yield from _sized(shape, value, name)
        enumeration, pattern = shape.enum, shape.metadata.get("pattern")  # pyright: ignore[reportAttributeAccessIssue]
        if enumeration and value not in enumeration:
            yield f"{name} is {value!r}; it must be one of {', '.join(enumeration)}"
        if pattern and not re.fullmatch(pattern, value):
            yield f"{name} is {value!r}, which does not match {pattern}"
    elif shape.type_name in ("integer", "long") and value > shape.metadata.get("max", value):
        yield f"{name} is {value}; the maximum is {shape.metadata['max']}"


def _sized(shape: Shape, value: Any, name: str) -> Iterator[str]:
    most = shape.metadata.get("max")
    if most is not None and len(value) > most:
        yield f"{name} has the length {len(value)}; the maximum is {most}"
