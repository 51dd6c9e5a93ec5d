"""Schemas of several documents in one: those that are used, under names of their own. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

PREFIX = "#/components/schemas/"


def references(node: Any) -> Iterator[str]:
    """Names of the schemas to which `node` refers."""
    if isinstance(node, Mapping):
        if isinstance(target := node.get("$ref"), str) and target.startswith(PREFIX):
            yield target.removeprefix(PREFIX)
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def used(node: Any, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `schemas` that `node` needs, directly or by another one, in their order."""
    needed: set[str] = set()
    waiting = list(references(node))
    while waiting:
        if (name := waiting.pop()) not in needed:
            needed.add(name)
            waiting += references(schemas[name])
    return {name: schema for name, schema in schemas.items() if name in needed}


def unique(owners: Mapping[str, Mapping[str, Any]], taken: set[str]) -> dict[str, dict[str, str]]:
    """New names by owner and name: one that several owners have, or that is `taken`, gets its owner's in front."""
    names = [name for schemas in owners.values() for name in schemas]
    shared = {name for name in names if names.count(name) > 1} | taken
    return {
        owner: {name: f"{owner.capitalize()}{name}" if name in shared else name for name in schemas}
        for owner, schemas in owners.items()
    }


def retitled(schema: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """Generators of clients name classes by the title, which is the old name."""
    return schema | {"title": new} if schema.get("title") == old else schema


def renamed(node: Any, name: Callable[[str], str]) -> Any:
    """A copy of `node` whose references have other names."""
    if isinstance(node, Mapping):
        copy = {key: renamed(value, name) for key, value in node.items()}
        if isinstance(target := copy.get("$ref"), str) and target.startswith(PREFIX):
            copy["$ref"] = PREFIX + name(target.removeprefix(PREFIX))
        return copy
    return [renamed(value, name) for value in node] if isinstance(node, list) else node
