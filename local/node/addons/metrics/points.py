"""Rates from the counters that nodes report. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

Key = tuple[str, ...]
"""(namespace, Pod, container), or () for the node itself."""


@dataclass(frozen=True)
class Point:
    """A counter at a moment, in seconds; `started` is of the container, whose restart sets the counter to zero."""

    moment: float
    cpu_seconds: float
    memory_bytes: int
    started: float = 0.0


@dataclass(frozen=True)
class Rate:
    """Usage in the `window` seconds before `moment`."""

    moment: float
    window: float
    cores: float
    memory_bytes: int


def parse(text: str) -> dict[Key, Point]:
    """The points in an answer of /metrics/resource; raises ValueError for another text."""
    values: dict[Key, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = sample.labels
            key = (labels["namespace"], labels["pod"], labels["container"]) if "container" in labels else ()
            found = values.setdefault(key, {})
            found[sample.name.partition("_")[2]] = sample.value
            found["moment"] = float(sample.timestamp or 0)
    return {
        key: Point(
            v["moment"],
            v["cpu_usage_seconds_total"],
            int(v["memory_working_set_bytes"]),
            v.get("start_time_seconds", 0.0),
        )
        for key, v in values.items()
    }


def rate(before: Point, after: Point) -> Rate | None:
    """None when the two say nothing: another run of the container, no time between them, or a counter that fell."""
    window = after.moment - before.moment
    used = after.cpu_seconds - before.cpu_seconds
    if window <= 0 or used < 0 or before.started != after.started:
        return None
    return Rate(after.moment, window, used / window, after.memory_bytes)


@dataclass
class NodePoints:
    """The last two answers of a node."""

    before: Mapping[Key, Point] = field(default_factory=dict)
    last: Mapping[Key, Point] = field(default_factory=dict)

    def add(self, points: Mapping[Key, Point]) -> None:
        self.before, self.last = self.last, points

    def rates(self) -> dict[Key, Rate]:
        found = {key: rate(self.before[key], point) for key, point in self.last.items() if key in self.before}
        return {key: value for key, value in found.items() if value is not None}


def pod_rates(nodes: Iterable[NodePoints]) -> dict[tuple[str, str], dict[str, Rate] | None]:
    """Rates of each Pod's containers, by (namespace, name); None while one of them has none yet."""
    result: dict[tuple[str, str], dict[str, Rate] | None] = {}
    for node in nodes:
        rates = node.rates()
        for key in node.last:
            if not key:
                continue
            namespace, pod, container = key
            known = result.setdefault((namespace, pod), {})
            if key not in rates:
                result[namespace, pod] = None
            elif known is not None:
                known[container] = rates[key]
    return result
