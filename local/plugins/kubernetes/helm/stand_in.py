"""What is installed in the place of a chart, and which of the chart's values it honours. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.plugins.provider.base import CheckFailure
from local.plugins.provider.values import UNKNOWN, Values

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9_.-]+)\}")
ANY = object()
"""Every value is honoured."""


@dataclass(frozen=True)
class StandIn:
    """The stand-in of one version of a chart.

    `manifest` is a file of local/manifests, "" if nothing runs here; a `${path}` in it is replaced by the value there.
    `definitions` are projects of the toolchain.
    """

    chart: str
    version: str
    repository: str
    explanation: str
    """What runs here instead, for whoever reads the output of `pulumi up`."""
    manifest: str = ""
    definitions: tuple[str, ...] = ()
    honours: Mapping[str, Any] = field(default_factory=dict)
    """Path of a value -> the only value that is served here, or ANY for it and all below it."""
    without_meaning: tuple[str, ...] = ()
    """Paths of values, or beginnings of them, that say something about what does not exist here."""

    def refused(self, values: Values) -> list[CheckFailure]:
        """A failure for every value that the stand-in would ignore although it means something."""
        return [
            CheckFailure(f"values.{path}", reason)
            for path, value in leaves(values)
            if (reason := self._why(path, value))
        ]

    def _why(self, path: str, value: Any) -> str | None:
        whatever = (*self.without_meaning, *(known for known, only in self.honours.items() if only is ANY))
        if any(path == known or path.startswith(f"{known}.") for known in whatever) or value is UNKNOWN:
            return None
        if path not in self.honours:
            served = ", ".join(sorted({*self.honours, *self.without_meaning}))
            return f"the stand-in of the chart {self.chart} does not honour this value; it knows {served}"
        if value == (only := self.honours[path]):
            return None
        return f"the stand-in of the chart {self.chart} serves only {only!r}, not {value!r}"


def leaves(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Dotted path and value of everything that is no mapping."""
    found: list[tuple[str, Any]] = []
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            found += leaves(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", value))
    return found


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """A manifest with its placeholders replaced; one that is the whole text becomes the value with its type, and
    elsewhere in a text a list is joined by commas.

    Raises KeyError with the path of a value that is not given.
    """
    if isinstance(template, Mapping):
        return {key: filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, values) for value in template]
    if not isinstance(template, str):
        return template
    if whole := _PLACEHOLDER.fullmatch(template):
        return _at(values, whole[1])
    return _PLACEHOLDER.sub(lambda found: _text(_at(values, found[1])), template)


def _text(value: Any) -> str:
    return ",".join(str(each) for each in value) if isinstance(value, list) else str(value)


def _at(values: Mapping[str, Any], path: str) -> Any:
    found: Any = values
    for key in path.split("."):
        if not isinstance(found, Mapping) or key not in found:
            raise KeyError(path)
        found = found[key]
    return found
