"""What a change of an input does to a resource: the table of a type, taken from the official provider's schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from local.plugins.provider.values import UNKNOWN, Values


class Effect(Enum):
    """What a change of an input does."""

    IN_PLACE = "AWS changes the resource"
    REPLACING = "another resource takes its place"
    STEERING = "the resource stays as it is: the input says how calls are made, or is kept for the deletion"
    REFUSED = "AWS changes the resource, which is not done here"


_EVERYWHERE = {"tags": Effect.IN_PLACE, "tagsAll": Effect.IN_PLACE, "region": Effect.REPLACING}
_WITHOUT_TAGS: dict[str, Any] = {"tags": {}, "tagsAll": {}}


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Every input that a type has here, in words separated by spaces; one inside another by a dotted name.

    What lies deeper than a name (a label, the rules of a list) changes with it.
    """

    source: str
    """Path of the schema in hashicorp/terraform-provider-aws, where `ForceNew` makes an input a replacing one."""
    in_place: str = ""
    replacing: str = ""
    steering: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Names, and why."""
    depending: Mapping[str, Callable[[Values, Values], Effect]] = field(default_factory=dict)
    """The effect of a change that depends on old and new inputs; the name is also in `in_place`."""
    absent: Mapping[str, Any] = field(default_factory=dict)
    """Values that mean the same as leaving the input out (`Default`). Any other input that is no longer declared
    keeps the value it has (`Computed`)."""
    sets: str = ""
    """Lists whose order means nothing."""
    computed: Mapping[str, str] = field(default_factory=dict)
    """Outputs that a change of these inputs gives another value."""

    @cached_property
    def effects(self) -> dict[str, Effect]:
        named = {
            Effect.REFUSED: list(self.refused),
            Effect.IN_PLACE: self.in_place.split(),
            Effect.REPLACING: self.replacing.split(),
            Effect.STEERING: self.steering.split(),
        }
        return {**_EVERYWHERE, **{name: effect for effect, names in named.items() for name in names}}

    def steers(self, name: str) -> bool:
        return self.effects.get(name) is Effect.STEERING

    def outputs_of(self, state: Values) -> Values:
        """What of a recorded state is no input, and so not what an earlier declaration said."""
        inputs = {name.partition(".")[0] for name in self.effects}
        return {name: value for name, value in state.items() if name not in inputs}

    def name_of(self, path: str) -> str | None:
        """The name that decides about a dotted path: the longest one that it begins with."""
        names = (name for name in self.effects if path == name or path.startswith(f"{name}."))
        return max(names, key=len, default=None)

    def unknown(self, values: Values, prefix: str = "") -> Iterator[str]:
        """Dotted paths about which no name decides."""
        for key, value in values.items():
            path = f"{prefix}{key}"
            if self.name_of(path) is not None:
                continue
            if any(name.startswith(f"{path}.") for name in self.effects) and isinstance(value, Mapping):
                yield from self.unknown(dict(value), f"{path}.")
            elif value is not UNKNOWN:
                yield path

    def value(self, values: Values, name: str) -> Any:
        """The value of an input, the one that it has undeclared, or None."""
        found: Any = values
        for key in name.split("."):
            if found is UNKNOWN:
                return UNKNOWN
            if not isinstance(found, Mapping):
                return None
            found = found.get(key)
        return {**_WITHOUT_TAGS, **self.absent}.get(name) if found is None else found

    def completed(self, values: Values) -> Values:
        """Inputs with those that are left out."""
        return {**{name: value for name, value in self.absent.items() if "." not in name}, **values}

    def changes(self, old: Values, new: Values, same: Callable[[str, Any, Any], bool]) -> dict[str, Effect]:
        """Effects of the inputs whose values differ, by name; `same` knows different spellings of one value."""
        found = {}
        for name, effect in self.effects.items():
            before, after = self.value(old, name), self.value(new, name)
            if after is None:
                continue
            if before != after and not self._is_reordered(name, before, after) and not same(name, before, after):
                found[name] = self.depending[name](old, new) if name in self.depending else effect
        return found

    def outdated(self, names: set[str]) -> set[str]:
        """Outputs that changes of these inputs give a value which is not known before."""
        return {output for output, inputs in self.computed.items() if names & set(inputs.split())}

    def _is_reordered(self, name: str, before: Any, after: Any) -> bool:
        lists = isinstance(before, list) and isinstance(after, list)
        return lists and name in self.sets.split() and sorted(map(repr, before)) == sorted(map(repr, after))


def replacing_when_lowered(name: str) -> Callable[[Values, Values], Effect]:
    """For a version: AWS has no way back. One that is not all numbers (3.9.x.kraft) is left to AWS to refuse."""

    def effect(old: Values, new: Values) -> Effect:
        before, after = (_numbers(values.get(name)) for values in (old, new))
        return Effect.REPLACING if before and after and after < before else Effect.IN_PLACE

    return effect


def _numbers(version: Any) -> list[int]:
    parts = str(version).split(".")
    return [int(part) for part in parts] if all(part.isdecimal() for part in parts) else []
