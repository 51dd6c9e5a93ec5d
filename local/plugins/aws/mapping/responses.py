"""From a description back to inputs, so that drift shows and mere differences of spelling do not."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping
from typing import Any

import jmespath

from local.plugins.aws.kind import Kind
from local.plugins.provider.values import Values

_WHOLE = "@"
"""Path of an input that is converted from the whole description."""


def observed(kind: Kind, description: Any, separate: Values, declared: Values) -> Values:
    """The declared inputs with the values the resource really has; `separate` were read by calls of their own."""
    return {key: _one(kind, key, value, description, separate) for key, value in declared.items()}


def _one(kind: Kind, key: str, declared: Any, description: Any, separate: Values) -> Any:
    if kind.inputs.steers(key):
        return declared
    if key in separate:
        live = separate[key]
    elif key in kind.observe:
        path = kind.observe[key]
        live = jmespath.search(path, description) if path else None
    elif isinstance(description, Mapping):
        live = _field(description, kind.rename.get(key, key))
    else:
        live = None
    if live is None:
        return declared
    if key in kind.convert and key not in separate and kind.observe.get(key, _WHOLE) == _WHOLE:
        live = kind.convert[key].to_input(live)
    if key in kind.documents:
        return declared if document(live) == document(declared) else json.dumps(document(live), sort_keys=True)
    if key in kind.versions and str(live).startswith(f"{declared}."):
        return declared
    return settled(declared, live)


def settled(declared: Any, live: Any) -> Any:
    """`live` in the form of `declared`, and `declared` itself where both mean the same."""
    if isinstance(live, Mapping) and "Items" in live and isinstance(declared, list):
        live = live["Items"]
    if isinstance(declared, Mapping) and isinstance(live, Mapping):
        return {
            key: settled(item, found) if (found := _field(live, key)) is not None else item
            for key, item in declared.items()
        }
    if isinstance(declared, list) and isinstance(live, list):
        if len(declared) != len(live):
            return live
        if all(isinstance(item, Mapping) for item in declared):
            return [settled(a, b) for a, b in zip(declared, live, strict=True)]
        return declared if sorted(map(str, declared)) == sorted(map(str, live)) else live
    if isinstance(live, bool) != isinstance(declared, bool):
        return declared if str(live).lower() == str(declared).lower() else live
    return declared if str(live) == str(declared) else live


def document(value: Any) -> Any:
    """The content of a JSON document, given as text, as URL-quoted text or already parsed."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return json.loads(urllib.parse.unquote(value))


def _field(description: Mapping[str, Any], key: str) -> Any:
    return next((value for name, value in description.items() if name.lower() == key.lower()), None)
