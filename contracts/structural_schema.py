"""Conversion of a pydantic model to a structural schema of Kubernetes.

A CustomResourceDefinition supports only a part of JSON Schema, and the API server drops some of the rest silently. So
every keyword is either carried over, rewritten, or refused here with its path.
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

_CARRIED = {
    "type", "description", "enum", "format", "pattern", "minLength", "maxLength", "minItems", "maxItems",
    "minProperties", "maxProperties", "minimum", "maximum", "required",
    "x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys",
}  # fmt: skip
_DROPPED = {"title", "default"}
"""Defaults are applied when a resource is read: stored defaults would freeze today's values in every resource."""


class NotStructural(ValueError):
    """A model uses something that a structural schema does not support."""


def structural_schema(model: type[BaseModel]) -> Schema:
    """The structural schema of `model`; raises NotStructural with the path of an unsupported keyword."""
    root = model.model_json_schema(by_alias=True)
    return _project(root, root.get("$defs", {}), model.__name__)


def _project(node: Schema, definitions: dict[str, Schema], path: str) -> Schema:
    node = _resolve(node, definitions, path)
    projected: Schema = {}
    for keyword, value in node.items():
        match keyword:
            case _ if keyword in _CARRIED:
                projected[keyword] = value
            case _ if keyword in _DROPPED or keyword == "$defs":
                continue
            case "const":
                projected["enum"] = [value]
            case "exclusiveMinimum":
                projected |= {"minimum": value, "exclusiveMinimum": True}
            case "exclusiveMaximum":
                projected |= {"maximum": value, "exclusiveMaximum": True}
            case "properties":
                projected["properties"] = {
                    name: _project(member, definitions, f"{path}.{name}") for name, member in value.items()
                }
            case "items":
                projected["items"] = _project(value, definitions, f"{path}[]")
            case "additionalProperties" if value is False:
                continue  # a structural schema with properties is closed: the API server prunes or refuses the rest
            case "additionalProperties" if isinstance(value, dict) and "properties" not in node:
                projected["additionalProperties"] = _project(value, definitions, f"{path}{{}}")
            case "patternProperties" if len(value) == 1 and "properties" not in node:
                (pattern, member), *_ = value.items()
                projected["additionalProperties"] = _project(member, definitions, f"{path}{{}}")
                _add(projected, f"self.all(name, name.matches('{pattern}'))", f"names must match {pattern}")
            case "propertyNames" if value.keys() == {"maxLength"}:
                longest = value["maxLength"]
                _add(projected, f"self.all(name, name.size() <= {longest})", f"names have at most {longest} characters")
            case _:
                raise NotStructural(f"{path}: a structural schema does not support {keyword}: {value!r}")
    if "type" not in projected:
        raise NotStructural(f"{path}: a structural schema needs a type")
    return projected


def _resolve(node: Schema, definitions: dict[str, Schema], path: str) -> Schema:
    """`node` with its reference resolved, and `X | None` replaced by X: a nullable member is an optional one."""
    if "anyOf" in node:
        kinds = [kind for kind in node["anyOf"] if kind != {"type": "null"}]
        if len(kinds) != 1:
            raise NotStructural(f"{path}: a structural schema does not support a union of {len(kinds)} types")
        node = {**kinds[0], **{key: value for key, value in node.items() if key != "anyOf"}}
    if "$ref" in node:
        name = node["$ref"].removeprefix("#/$defs/")
        siblings = {key: value for key, value in node.items() if key != "$ref"}
        return {**_resolve(definitions[name], definitions, path), **siblings}
    return node


def _add(schema: Schema, rule: str, message: str) -> None:
    """A rule over the keys of a map, which a structural schema cannot constrain otherwise."""
    schema.setdefault("x-kubernetes-validations", []).append({"rule": rule, "message": message})
