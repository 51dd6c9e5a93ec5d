"""Which fields of an object people wrote by hand although we declare the object, and the object without them. Pure.

Server-side apply takes back a declared field that was changed; a field that was *added* stays, as it has another owner.
Other controllers may well own fields (an autoscaler the replicas, Kubernetes its annotations), so only what the tools
of people wrote is taken away. https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from operators.kubernetes.manifest import FIELD_MANAGER, Manifest

_TOOLS_OF_PEOPLE = ("kubectl", "k9s", "lens", "headlamp")
_LEFT_ALONE = frozenset(
    {
        ("spec", "replicas"),
        ("spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"),
    }
)
"""Scaling and restarting by hand are meant: where we declare replicas ourselves, apply takes them back."""
_NOT_OURS = ("apiVersion", "kind", "metadata", "status")
Fields = Mapping[str, Any]
Path = tuple[str, ...]


def pruned(live: Manifest, declared: Manifest) -> Manifest | None:
    """`live` without what people added to it; None when they added nothing."""
    managed = live["metadata"].get("managedFields", [])
    ours: list[Fields] = [entry.get("fieldsV1", {}) for entry in managed if entry.get("manager") == FIELD_MANAGER]
    result: Any = live
    for entry in managed:
        if entry.get("manager", "").lower().startswith(_TOOLS_OF_PEOPLE) and not entry.get("subresource"):
            theirs = {
                key: value
                for key, value in entry.get("fieldsV1", {}).items()
                if key.startswith("f:") and key[2:] not in _NOT_OURS
            }
            result = _without(result, theirs, ours, declared, ())
    return None if result == live else result


def _without(node: Any, theirs: Fields, ours: list[Fields], declared: Any, path: Path) -> Any:
    """`node` without the fields in `theirs` that are neither in `ours` nor declared."""
    for key, below in theirs.items():
        kind, _, name = key.partition(":")
        if kind == "f" and isinstance(node, dict) and name in node:
            here = (*path, name)
            if here in _LEFT_ALONE:
                continue
            owned = [fields[key] for fields in ours if key in fields]
            wanted = declared.get(name) if isinstance(declared, Mapping) else None
            if owned and below and isinstance(node[name], (dict, list)):
                node = {**node, name: _without(node[name], below, owned, wanted, here)}
            elif not owned and wanted is None:
                node = _removed(node, name, below, here)
        elif kind == "k" and isinstance(node, list):
            where = json.loads(name)
            owned = [fields[key] for fields in ours if key in fields]
            items = [item for item in node if not _matches(item, where)]
            for index, item in enumerate(node):
                if _matches(item, where) and owned:
                    wanted = _item(declared, where)
                    items.insert(index, _without(item, below, owned, wanted, (*path, "[]")))
            node = items
        elif kind == "v" and isinstance(node, list) and not any(key in fields for fields in ours):
            node = [item for item in node if item != json.loads(name)]
    return node


def _removed(node: dict[str, Any], name: str, below: Fields, path: Path) -> dict[str, Any]:
    """`node` without member `name`; where something below it is to be left alone, only what is not goes."""
    if any(spared[: len(path)] == path for spared in _LEFT_ALONE) and below and isinstance(node[name], dict):
        return {**node, name: _without(node[name], below, [], None, path)}
    return {key: value for key, value in node.items() if key != name}


def _matches(item: Any, where: Mapping[str, Any]) -> bool:
    return isinstance(item, Mapping) and all(item.get(key) == value for key, value in where.items())


def _item(declared: Any, where: Mapping[str, Any]) -> Any:
    items = declared if isinstance(declared, list) else []
    return next((item for item in items if _matches(item, where)), None)
