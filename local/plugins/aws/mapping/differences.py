"""How a resource that exists differs from what is declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local.plugins.aws.kind import Kind
from local.plugins.aws.mapping.requests import reach
from local.plugins.provider.values import Values, changed_paths


@dataclass(frozen=True)
class Difference:
    """Both values of an input at a dotted path; None where one side lacks it."""

    path: str
    live: Any
    declared: Any

    def __str__(self) -> str:
        return f"{self.path} is {_text(self.live)}, declared {_text(self.declared)}"


def differences(kind: Kind, live: Values, declared: Values) -> list[Difference]:
    """Differences that an interrupted creation does not explain.

    It may have stopped before the calls that follow the main one: those set separate inputs, and tags where creation
    has no field for them.
    """
    open_inputs = {name for separate in kind.separate for name in separate.inputs if not separate.created}
    compared = {key for key in declared if key not in open_inputs and key not in ("tags", "tagsAll")}
    paths = changed_paths({key: live.get(key) for key in compared}, {key: declared[key] for key in compared})
    found = [Difference(path, reach(live, path), reach(declared, path)) for path in sorted(paths)]
    if kind.tags is None:
        return found
    live_tags, tags = live.get("tagsAll", {}), declared.get("tagsAll", {})
    return found + [
        Difference(f"the tag {key}", live_tags.get(key), tags.get(key))
        for key in sorted({*live_tags, *tags})
        if live_tags.get(key) != tags.get(key) and (kind.tags.create or key in live_tags)
    ]


def _text(value: Any) -> str:
    return "absent" if value is None else repr(value)
