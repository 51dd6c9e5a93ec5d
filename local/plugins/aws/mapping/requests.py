"""From inputs to API parameters: templates are filled, other inputs matched to the API's own names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, OperationModel, Shape, StructureShape

from local.plugins.aws.kind import Call, Kind, Literal, references
from local.plugins.provider.values import UNKNOWN, Values

_ABSENT = object()


def parameters(kind: Kind, call: Call, operation: OperationModel, known: Values, only: set[str]) -> Values:
    """Parameters of `call`; of `known`, only the inputs in `only` are matched to the API's names."""
    return _in_shape(kind, call, operation, known, only)[0]


def unmapped(kind: Kind, operation: OperationModel, inputs: Values) -> list[str]:
    """Dotted names of inputs that would not reach the API when the resource is created."""
    members = operation.input_shape.members if kind.create.match and operation.input_shape else {}
    named = kind.named_inputs()
    lost = []
    for key, value in inputs.items():
        inside = {name for name in named if name.startswith(f"{key}.")}
        if inside and key not in named and key not in kind.convert:
            lost += _outside(key, value, inside)
        elif key not in named and key not in kind.convert and member_of(kind, key, members) is None:
            lost.append(key)
    return lost + _in_shape(kind, kind.create, operation, inputs, set(inputs))[1]


def _in_shape(
    kind: Kind, call: Call, operation: OperationModel, inputs: Values, only: set[str]
) -> tuple[Values, list[str]]:
    """The parameters, and the dotted names of inputs that have no parameter."""
    members = operation.input_shape.members if operation.input_shape else {}
    lost: list[str] = []
    params = {key: shaped(value, members[key], key, lost) for key, value in _filled(call.fields, inputs).items()}
    skip = kind.unmatched(call) | call.without | {name.split(".")[0] for name in references(call.fields)}
    for key, value in inputs.items() if call.match else ():
        member = member_of(kind, key, members)
        if key in skip or key not in only or member is None:
            continue
        converted = kind.convert[key].to_api(value) if key in kind.convert and value is not UNKNOWN else value
        params[member] = shaped(converted, members[member], key, lost)
    return params, lost


def member_of(kind: Kind, key: str, members: Mapping[str, Shape]) -> str | None:
    """The API's name for an input: from `rename`, else the same name regardless of case."""
    if key in kind.rename:
        return kind.rename[key] if kind.rename[key] in members else None
    return next((member for member in members if member.lower() == key.lower()), None)


def shaped(value: Any, shape: Shape, path: str, lost: list[str]) -> Any:
    """A value in the API's form: its member names, lists wrapped where it counts their items.

    What the API has no member for is omitted and its dotted name added to `lost`.
    """
    kind = shape.type_name
    if isinstance(shape, StructureShape) and isinstance(value, list) and "Items" in shape.members:
        items = shaped(value, shape.members["Items"], path, lost)
        return {"Quantity": len(items), **({"Items": items} if items else {})}
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        names = {member.lower(): member for member in shape.members}
        form = {}
        for key, item in value.items():
            member = names.get(key.lower())
            if member is None:
                lost.append(f"{path}.{key}")
            elif item is not None:
                form[member] = shaped(item, shape.members[member], f"{path}.{key}", lost)
        return form
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [shaped(item, shape.member, path, lost) for item in value]
    if kind == "string" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return int(value) if kind in ("integer", "long") and isinstance(value, str) else value


def _outside(path: str, value: Any, known: set[str]) -> list[str]:
    if path in known or value is UNKNOWN:
        return []
    if isinstance(value, Mapping):
        return [lost for key, item in value.items() for lost in _outside(f"{path}.{key}", item, known)]
    return [path]


def _filled(fields: Mapping[str, Any], inputs: Values) -> Values:
    filled = {key: _fill(item, inputs) for key, item in fields.items()}
    return {key: value for key, value in filled.items() if value is not _ABSENT}


def _fill(template: Any, inputs: Values) -> Any:
    if isinstance(template, Literal):
        return template.value
    if isinstance(template, Mapping):
        inner = _filled(template, inputs)
        return inner if inner or not template else _ABSENT
    if isinstance(template, list):
        items = [item for item in (_item(entry, inputs) for entry in template) if item is not _ABSENT]
        return items if items or not template else _ABSENT
    if not isinstance(template, str) or "{" not in template:
        return template
    names = references(template)
    values = {name: reach(inputs, name) for name in names}
    if any(value is None for value in values.values()):
        return _ABSENT
    if len(names) == 1 and template == "{" + next(iter(names)) + "}":
        return values[next(iter(names))]
    for name, value in values.items():
        template = template.replace("{" + name + "}", str(value))
    return template


def _item(template: Any, inputs: Values) -> Any:
    if isinstance(template, Mapping) and _fill(next(iter(template.values())), inputs) is _ABSENT:
        return _ABSENT
    return _fill(template, inputs)


def reach(values: Any, path: str) -> Any:
    """The value at a dotted path, or None."""
    for key in path.split("."):
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def filled_path(path: str, inputs: Values) -> str:
    """A JMESPath, or an id, with its names filled in; braces that belong to JMESPath are kept."""
    return re.sub(r"\{(\w+)\}", lambda found: str(inputs.get(found[1], "")), path)
