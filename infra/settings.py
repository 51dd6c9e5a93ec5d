"""Configuration as frozen dataclasses: validated types, no unknown keys, camelCase in YAML."""

from __future__ import annotations

from typing import TypeVar, cast, dataclass_transform

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass

_STRICT = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True, strict=False)
T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def settings(cls: type[T]) -> type[T]:
    """Decorator of a group of settings; `<Noun>Config` is next to the component `<Noun>` that reads it."""
    return cast(type[T], dataclass(frozen=True, config=_STRICT)(cls))
