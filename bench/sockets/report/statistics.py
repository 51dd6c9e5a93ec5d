"""Statistics of a run. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.sockets.measurement.reconnects import DROP_AT, KILL_AT, KILLED_PROCESS, Recovery, recovery
from bench.sockets.run import Outcome

GENERATOR = "generators"


@dataclass(frozen=True)
class Statistics:
    """Latencies in ms by percentile; `path_cores` and `all_cores`: without and with the load generators."""

    ack_ms: dict[str, float]
    push_ms: dict[str, float]
    delay_ms: dict[str, float]
    bytes_per_connection: float
    path_cores: float
    all_cores: float
    machine_cores: float
    pushes: int
    duplicates: int
    recoveries: dict[str, Recovery]
    problems: list[str]
    """Lost, duplicated or unexpected data; empty if the run succeeded."""


def compute(outcome: Outcome, storm: bool) -> Statistics:
    """The statistics of `outcome`."""
    tally, verification = outcome.tally, outcome.verification
    ack_ms = concatenated(outcome, "ack_ms", np.float32)
    pushes = [push for found in outcome.recordings for push in found.pushes]
    first: dict[str, float] = {}
    for _, event, at in sorted(pushes, key=lambda push: push[2]):
        first.setdefault(event, at)
    delays = [at - verification.received[event] for event, at in first.items() if event in verification.received]
    ingest = [name for name in outcome.mib if name.startswith("ingest")]
    grown = sum(outcome.mib[name] - outcome.mib_before[name] for name in ingest) * (1 << 20)
    cores = {name: seconds / outcome.seconds for name, seconds in outcome.cpu.items()}
    problems = list(verification.differences)
    if not tally.planned == tally.sent == tally.acked == verification.frames:
        counts = f"{tally.sent} were sent, {tally.acked} acknowledged, {verification.frames} stored"
        problems.append(f"of {tally.planned} frames {counts}")
    problems += [error for found in outcome.recordings for error in found.errors if not storm]
    if verification.rows != verification.rows_expected or verification.events != verification.events_expected:
        problems.append(f"{verification.rows} rows of {verification.rows_expected}, {verification.events} events of"
                        f" {verification.events_expected}")  # fmt: skip
    if len(first) != verification.events_expected or len(pushes) != len(first):
        problems.append(f"{len(pushes)} pushes of {len(first)} events, {verification.events_expected} expected")
    if outcome.connected != outcome.population.users:
        problems.append(f"{outcome.connected} sockets connected at the end of {outcome.population.users}")
    if not storm and tally.reconnects:
        problems.append(f"{tally.reconnects} sockets disconnected")
    return Statistics(
        _percentiles(ack_ms, p50=50, p99=99, p999=99.9),
        _percentiles(np.array(delays, np.float32), p50=50, p99=99),
        _percentiles(concatenated(outcome, "delay_ms", np.float32), p50=50, p99=99),
        grown / max(1, outcome.connected),
        sum(cores.values()) - cores[GENERATOR],
        sum(cores.values()),
        outcome.machine / outcome.seconds,
        len(first),
        len(pushes) - len(first),
        _recoveries(outcome, ack_ms) if storm else {},
        problems,
    )


def concatenated(outcome: Outcome, name: str, kind: Any) -> NDArray[Any]:
    """One array of the recordings of all generators."""
    return np.concatenate([np.frombuffer(getattr(found, name), kind) for found in outcome.recordings])


def _percentiles(values: NDArray[np.float32], **percents: float) -> dict[str, float]:
    if not values.size:
        return {}
    return {name: round(float(np.percentile(values, percent)), 1) for name, percent in percents.items()}


def _recoveries(outcome: Outcome, ack_ms: NDArray[np.float32]) -> dict[str, Recovery]:
    opened, ack_at = concatenated(outcome, "opened_at", np.float64), concatenated(outcome, "ack_at", np.float64)
    others = concatenated(outcome, "ack_endpoint", np.uint8) != KILLED_PROCESS
    none = np.zeros_like(others)
    return {
        "one ingest process killed": recovery(KILL_AT, DROP_AT, opened, ack_at, ack_ms, others),
        "all sockets dropped": recovery(DROP_AT, np.inf, opened, ack_at, ack_ms, none),
    }
