"""Removes fields that users added by hand to an object that we apply. Pure.

Server-side apply reverts an applied field that was changed; a field that was *added* stays, as it has another manager.
Other controllers may manage fields too (an autoscaler the replicas, Kubernetes its annotations), so only fields of
interactive tools are removed. https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from operators.kubernetes.manifest import FIELD_MANAGER, Manifest

_INTERACTIVE_MANAGERS = ("kubectl", "k9s", "lens", "headlamp")
_IGNORED_FIELDS = frozenset(
    {
        ("spec", "replicas"),
        ("spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"),
    }
)
"""Scaling and restarting by hand are intended; where we apply replicas ourselves, apply reverts them."""
_IGNORED_MEMBERS = ("apiVersion", "kind", "metadata", "status")
Fields = Mapping[str, Any]
Path = tuple[str, ...]


def prune(live: Manifest, desired: Manifest) -> Manifest | None:
    """`live` without the fields that users added; None if they added none."""
    managed = live["metadata"].get("managedFields", [])
    ours: list[Fields] = [entry.get("fieldsV1", {}) for entry in managed if entry.get("manager") == FIELD_MANAGER]
    result: Any = live
    for entry in managed:
        if entry.get("manager", "").lower().startswith(_INTERACTIVE_MANAGERS) and not entry.get("subresource"):
            theirs = {
                key: value
                for key, value in entry.get("fieldsV1", {}).items()
                if key.startswith("f:") and key[2:] not in _IGNORED_MEMBERS
            }
            result = _without(result, theirs, ours, desired, ())
    return None if result == live else result


def _without(node: Any, theirs: Fields, ours: list[Fields], desired: Any, path: Path) -> Any:
    """`node` without the fields in `theirs` that are neither in `ours` nor in `desired`."""
    for key, below in theirs.items():
        kind, _, name = key.partition(":")
        if kind == "f" and isinstance(node, dict) and name in node:
            here = (*path, name)
            if here in _IGNORED_FIELDS:
                continue
            owned = [fields[key] for fields in ours if key in fields]
            value = desired.get(name) if isinstance(desired, Mapping) else None
            if owned and below and isinstance(node[name], (dict, list)):
                node = {**node, name: _without(node[name], below, owned, value, here)}
            elif not owned and value is None:
                node = _removed(node, name, below, here)
        elif kind == "k" and isinstance(node, list):
            where = json.loads(name)
            owned = [fields[key] for fields in ours if key in fields]
            items = [item for item in node if not _matches(item, where)]
            for index, item in enumerate(node):
                if _matches(item, where) and owned:
                    item_desired = _item(desired, where)
                    items.insert(index, _without(item, below, owned, item_desired, (*path, "[]")))
            node = items
        elif kind == "v" and isinstance(node, list) and not any(key in fields for fields in ours):
            node = [item for item in node if item != json.loads(name)]
    return node


def _removed(node: dict[str, Any], name: str, below: Fields, path: Path) -> dict[str, Any]:
    """`node` without member `name`, except for ignored fields below it."""
    if any(ignored[: len(path)] == path for ignored in _IGNORED_FIELDS) and below and isinstance(node[name], dict):
        return {**node, name: _without(node[name], below, [], None, path)}
    return {key: value for key, value in node.items() if key != name}


def _matches(item: Any, where: Mapping[str, Any]) -> bool:
    return isinstance(item, Mapping) and all(item.get(key) == value for key, value in where.items())


def _item(desired: Any, where: Mapping[str, Any]) -> Any:
    items = desired if isinstance(desired, list) else []
    return next((item for item in items if _matches(item, where)), None)
