"""The rows as a table and as JSON, and the goals beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.api.measurement import Row
from bench.api.peer import Peer
from bench.api.targets import DIRECT, Target

KIT_SHARE = 0.35
"""Of the bare route's throughput, which the kit may cost."""
HEAD = (
    f"{'':41} {'requests a CPU-second':>19} {'as fast as it goes':>22} {'at a fixed rate':>36} {'no core, %':>17}\n"
    f"{'':41} {'service':>9} {'gateway':>9} {'a second':>10} {'load, cores':>11}"
    f" {'rate':>9} {'p50 ms':>8} {'p99 ms':>8} {'behind ms':>9} {'service':>8} {'load':>8}"
)
"""`load` is the generator, `rate` that of the answers and the one that was to be, `behind` how late the generator was
itself (p99), which is not in the latencies. `no core`: meanwhile, of the time, since others had the machine."""


def line(row: Row) -> str:
    """One line; of a row with wrong answers, what came."""
    named = f"{row.title:33} {row.way:7}"
    cost, latency = row.cost, row.latency
    if cost is None or latency is None:
        wrong = "; ".join(f"{count} x {text}" for text, count in row.wrong.most_common(3))
        return f"{named} ERROR: {row.wrong.total():,} of {row.answers:,} answers are wrong: {wrong}"
    gateway = f"{found:9,.0f}" if (found := cost.a_gateway_second) else 9 * " "
    rate = f"{latency.answered:.0f}/{latency.rate:.0f}"
    return (
        f"{named} {cost.a_cpu_second:9,.0f} {gateway} {cost.requests / cost.seconds:10,.0f}"
        f" {cost.generator / cost.seconds:11.2f} {rate:>9} {latency.p50_ms:8.2f} {latency.p99_ms:8.2f}"
        f" {latency.behind_ms:9.2f} {100 * latency.service_waited:8.0f} {100 * latency.generator_waited:8.0f}"
    )


@dataclass(frozen=True)
class Goal:
    """`measured` has to be below `below`."""

    name: str
    measured: float
    below: float
    unit: str

    def line(self) -> str:
        met = "met" if self.measured < self.below else "NOT MET"
        return f"{self.name:52} {self.measured:8.1f} {self.unit:3} goal: below {self.below:g} {self.unit:3} {met}"


def goals(rows: Sequence[Row], targets: Sequence[Target]) -> Iterator[Goal]:
    """Those that the rows tell of."""
    found = {(row.name, row.way): row for row in rows}
    bare, kit = (row.cost if (row := found.get((peer, DIRECT))) else None for peer in (Peer.BARE, Peer.KIT))
    if bare and kit:
        share = 100 * (1 - kit.a_cpu_second / bare.a_cpu_second)
        yield Goal("what the kit costs of the bare route's throughput", share, 100 * KIT_SHARE, "%")
    for target in targets:
        row = found.get((target.name, DIRECT))
        if target.p99_ms is not None and row and row.latency:
            name = f"{target.title}, p99 at {target.rate:g} a second, {DIRECT}"
            yield Goal(name, row.latency.p99_ms, target.p99_ms, "ms")


def content(command: str, machine: str, seconds: float, rows: Sequence[Row], reached: Sequence[Goal]) -> dict[str, Any]:
    """What the JSON file has."""
    return {
        "command": command,
        "machine": machine,
        "load_average": os.getloadavg()[0],
        "seconds": seconds,
        "measured": {row.key: _figures(row) for row in rows},
        "goals": [asdict(goal) for goal in reached],
    }


def _figures(row: Row) -> dict[str, Any]:
    cost, latency = row.cost, row.latency
    if cost is None or latency is None:
        return {"answers": row.answers, "wrong": dict(row.wrong)}
    return {
        "answers": row.answers,
        "requests_a_cpu_second": round(cost.a_cpu_second, 1),
        "requests_a_gateway_cpu_second": round(found, 1) if (found := cost.a_gateway_second) else None,
        "requests_a_second": round(cost.requests / cost.seconds, 1),
        "generator_cores": round(cost.generator / cost.seconds, 2),
        **asdict(latency),
    }
