"""Property values as the engine sends them, and as plain Python.

Numbers arrive as doubles and become int where they are whole; secrets and unknowns are marked on the wire by fixed
strings (Pulumi's sdk/go/common/resource/plugin/rpc.go and sdk/python/lib/pulumi/runtime/rpc.py name the same ones).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format, struct_pb2

Values = dict[str, Any]

_UNKNOWN_WIRE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


class _Unknown:
    """An output that is not known before the update runs."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the engine must encrypt in its state and mask in its output."""

    value: Any


def decode(struct: struct_pb2.Struct) -> Values:
    """Plain values; secrets are unwrapped (the engine marks a property secret again by its name)."""
    return {key: _plain(value) for key, value in json_format.MessageToDict(struct).items()}


def secret_keys(struct: struct_pb2.Struct) -> set[str]:
    """The properties that are, or contain at any depth, a secret."""
    return {key for key, value in json_format.MessageToDict(struct).items() if _has_secret(value)}


def marked(values: Mapping[str, Any], secret: Collection[str]) -> Values:
    """The values with these properties as secrets, so that the engine stores and shows none of them."""
    plain = {key for key in secret if key in values and not isinstance(values[key], Secret)}
    return {key: Secret(value) if key in plain else value for key, value in values.items()}


def encode(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The wire form. Raises ValueError for a value that is no Pulumi property value."""
    struct = struct_pb2.Struct()
    struct.update({key: _wire(value) for key, value in values.items()})
    return struct


def has_unknown(value: Any) -> bool:
    """Whether a value is, or contains at any depth, an output that is not known yet."""
    if isinstance(value, Mapping):
        return any(map(has_unknown, value.values()))
    if isinstance(value, list):
        return any(map(has_unknown, value))
    return value is UNKNOWN


def changed_paths(old: Any, new: Any, path: str = "") -> list[str]:
    """Dotted paths at which two values differ; lists are compared as a whole."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = [*old, *(key for key in new if key not in old)]
        return [p for key in keys for p in changed_paths(old.get(key), new.get(key), f"{path}.{key}" if path else key)]
    return [] if old == new else [path]


def _has_secret(value: Any) -> bool:
    if isinstance(value, dict):
        signature = value.get(_SIGNATURE)
        is_secret = signature == _SECRET or (signature == _OUTPUT and value.get("secret") is True)
        return is_secret or any(map(_has_secret, value.values()))
    return isinstance(value, list) and any(map(_has_secret, value))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        signature = value.get(_SIGNATURE)
        if signature == _SECRET:
            return _plain(value["value"])
        if signature == _OUTPUT:
            return _plain(value["value"]) if "value" in value else UNKNOWN
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return UNKNOWN if value == _UNKNOWN_WIRE else value


def _wire(value: Any) -> Any:
    if isinstance(value, Secret):
        return {_SIGNATURE: _SECRET, "value": _wire(value.value)}
    if value is UNKNOWN:
        return _UNKNOWN_WIRE
    if isinstance(value, Mapping):
        return {str(key): _wire(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_wire(item) for item in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise ValueError(f"a {type(value).__name__} is no Pulumi property value")
