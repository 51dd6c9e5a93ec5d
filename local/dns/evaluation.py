"""What Route 53 answers to a question: the records of the zone, chosen by routing policy and health. Pure.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-complex-configs.html and routing-policy.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from local.dns.model import Record, Zone

MULTIVALUE = 8
"""Values of a multivalue answer, at most."""
_CHAIN = 8
"""CNAMEs and aliases that are followed."""


class Code(IntEnum):
    """DNS response codes."""

    FOUND = 0
    NO_NAME = 3
    REFUSED = 5


@dataclass(frozen=True)
class Line:
    """One resource record of an answer."""

    name: str
    type: str
    ttl: int
    value: str


@dataclass(frozen=True)
class Answer:
    """`zone` is the name of the hosted zone that answers; empty when none does."""

    code: Code
    lines: tuple[Line, ...] = ()
    zone: str = ""


@dataclass(frozen=True)
class Resolver:
    """Answers by `zones`; `healthy` says whether a health check is.

    `draw` is a number from 0 to 1 that decides between weights; `near` are regions, the one with the lowest latency to
    the client first.
    """

    zones: Sequence[Zone]
    healthy: Callable[[str], bool]
    draw: float = 0.0
    near: Sequence[str] = field(default_factory=tuple)

    def answer(self, name: str, type: str) -> Answer:
        name = name.lower().rstrip(".") + "."
        zone = self._zone(name)
        if zone is None:
            return Answer(Code.REFUSED)
        lines: list[Line] = []
        for _ in range(_CHAIN):
            at = _at(zone, name)
            found = self._lines(zone, name, type, [r for r in at if r.type == type])
            if found or type == "CNAME":
                return Answer(Code.FOUND, (*lines, *found), zone.name)
            moved = self._lines(zone, name, "CNAME", [r for r in at if r.type == "CNAME"])
            if not moved:
                known = bool(at or lines) or any(r.name.endswith("." + name) for r in zone.records)
                return Answer(Code.FOUND if known else Code.NO_NAME, tuple(lines), zone.name)
            lines += moved
            name = moved[0].value.lower().rstrip(".") + "."
            onwards = self._zone(name)
            if onwards is None:
                break  # the client asks another server
            zone = onwards
        return Answer(Code.FOUND, tuple(lines), zone.name)

    def _zone(self, name: str) -> Zone | None:
        """The zone with the longest name that `name` ends with."""
        fitting = (zone for zone in self.zones if ("." + name).endswith("." + zone.name))
        return max(fitting, key=lambda zone: len(zone.name), default=None)

    def _lines(self, zone: Zone, name: str, type: str, records: Sequence[Record], depth: int = 0) -> list[Line]:
        lines: list[Line] = []
        for record in self._chosen(zone, records, depth):
            if record.alias is None:
                lines += [Line(name, type, record.ttl, value) for value in record.values]
            elif depth < _CHAIN:
                to = record.alias.name
                aim = self._zone(to)
                if aim is not None:
                    targets = [each for each in _at(aim, to) if each.type == type]
                    lines += self._lines(aim, name, type, targets, depth + 1)
        return lines[:MULTIVALUE] if any(record.multivalue for record in records) else lines

    def _chosen(self, zone: Zone, records: Sequence[Record], depth: int) -> Sequence[Record]:
        """By the policy of these records, which have one name and type. When none is healthy, all count as healthy."""
        up = [record for record in records if self._up(zone, record, depth)]
        if any(record.failover for record in records):
            order = sorted(up or records, key=lambda record: record.failover)
            return order[:1]
        if any(record.weight is not None for record in records):
            return self._weighted(up) or self._weighted(records)
        if any(record.region for record in records):
            return sorted(up or records, key=lambda record: self._distance(record.region))[:1]
        return (up or records) if any(record.multivalue for record in records) else records

    def _weighted(self, records: Sequence[Record]) -> Sequence[Record]:
        """Records of weight 0 only when there are no others, then with equal chances."""
        heavy = [record for record in records if record.weight]
        weights = [record.weight or 1 for record in heavy or records]
        left = self.draw * sum(weights)
        for record, weight in zip(heavy or records, weights, strict=True):
            left -= weight
            if left < 0:
                return [record]
        return (heavy or records)[-1:]

    def _distance(self, region: str) -> int:
        return self.near.index(region) if region in self.near else len(self.near)

    def _up(self, zone: Zone, record: Record, depth: int) -> bool:
        if record.health_check and not self.healthy(record.health_check):
            return False
        if record.alias is None or not record.alias.evaluate_health or depth >= _CHAIN:
            return True
        aim = self._zone(record.alias.name)
        targets = [each for each in _at(aim, record.alias.name) if each.type == record.type] if aim else []
        return not targets or any(self._up(zone, target, depth + 1) for target in targets)


def _at(zone: Zone, name: str) -> list[Record]:
    """The records of the name, or those of the wildcard nearest to it when the zone has no such name."""
    exact = [record for record in zone.records if record.name == name]
    if exact or any(record.name.endswith("." + name) for record in zone.records):
        return exact
    rest = name
    while rest != zone.name and "." in rest.rstrip("."):
        rest = rest.partition(".")[2]
        wild = [record for record in zone.records if record.name == f"*.{rest}"]
        if wild:
            return wild
        if any(record.name == rest or record.name.endswith("." + rest) for record in zone.records):
            return []
    return []
