"""The figures of a run: pure, from what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.sockets.measurement.reconnects import DROP_AT, KILL_AT, VICTIM, Return, returned
from bench.sockets.run import Outcome

GENERATOR = "generators"


@dataclass(frozen=True)
class Figures:
    """Latencies in ms by percentile; `path` and `all`: cores without and with the load generators."""

    ack_ms: dict[str, float]
    push_ms: dict[str, float]
    late_ms: dict[str, float]
    bytes_per_connection: float
    path: float
    all: float
    machine: float
    pushes: int
    doubled: int
    storm: dict[str, Return]
    problems: list[str]
    """What was lost, doubled or wrong; empty when all went well."""


def figures(outcome: Outcome, stormy: bool) -> Figures:
    """`outcome` as numbers that can be quoted."""
    tally, verdict = outcome.tally, outcome.verdict
    ack_ms = joined(outcome, "ack_ms", np.float32)
    pushes = [push for found in outcome.findings for push in found.pushes]
    first: dict[str, float] = {}
    for _, event, at in sorted(pushes, key=lambda push: push[2]):
        first.setdefault(event, at)
    delays = [at - verdict.received[event] for event, at in first.items() if event in verdict.received]
    ingest = [name for name in outcome.mib if name.startswith("ingest")]
    grown = sum(outcome.mib[name] - outcome.mib_before[name] for name in ingest) * (1 << 20)
    cores = {name: seconds / outcome.seconds for name, seconds in outcome.cpu.items()}
    problems = list(verdict.differences)
    if not tally.planned == tally.sent == tally.acked == verdict.frames:
        counts = f"{tally.sent} were sent, {tally.acked} acknowledged, {verdict.frames} stored"
        problems.append(f"of {tally.planned} frames {counts}")
    problems += [trouble for found in outcome.findings for trouble in found.troubles if not stormy]
    if verdict.rows != verdict.rows_expected or verdict.events != verdict.events_expected:
        problems.append(f"{verdict.rows} rows of {verdict.rows_expected}, {verdict.events} events of"
                        f" {verdict.events_expected}")  # fmt: skip
    if len(first) != verdict.events_expected or len(pushes) != len(first):
        problems.append(f"{len(pushes)} pushes of {len(first)} events, {verdict.events_expected} expected")
    if outcome.held != outcome.crowd.users:
        problems.append(f"{outcome.held} sockets held at the end of {outcome.crowd.users}")
    if not stormy and tally.reconnects:
        problems.append(f"{tally.reconnects} sockets broke")
    return Figures(
        _percentiles(ack_ms, p50=50, p99=99, p999=99.9),
        _percentiles(np.array(delays, np.float32), p50=50, p99=99),
        _percentiles(joined(outcome, "late_ms", np.float32), p50=50, p99=99),
        grown / max(1, outcome.held),
        sum(cores.values()) - cores[GENERATOR],
        sum(cores.values()),
        outcome.machine / outcome.seconds,
        len(first),
        len(pushes) - len(first),
        _storm(outcome, ack_ms) if stormy else {},
        problems,
    )


def joined(outcome: Outcome, name: str, kind: Any) -> NDArray[Any]:
    """One array of what all generators recorded."""
    return np.concatenate([np.frombuffer(getattr(found, name), kind) for found in outcome.findings])


def _percentiles(values: NDArray[np.float32], **wanted: float) -> dict[str, float]:
    if not values.size:
        return {}
    return {name: round(float(np.percentile(values, percent)), 1) for name, percent in wanted.items()}


def _storm(outcome: Outcome, ack_ms: NDArray[np.float32]) -> dict[str, Return]:
    opened, ack_at = joined(outcome, "opened_at", np.float64), joined(outcome, "ack_at", np.float64)
    others = joined(outcome, "ack_door", np.uint8) != VICTIM
    nobody = np.zeros_like(others)
    return {
        "one ingest process killed": returned(KILL_AT, DROP_AT, opened, ack_at, ack_ms, others),
        "all sockets dropped": returned(DROP_AT, np.inf, opened, ack_at, ack_ms, nobody),
    }
