"""The results of a run as a table and a JSON file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from bench import figures, machine
from bench.sockets.report.statistics import GENERATOR, Statistics
from bench.sockets.run import Outcome


def lines(outcome: Outcome, statistics: Statistics) -> Iterator[str]:
    """Lines of the table."""
    tally, stored, seconds = outcome.tally, outcome.verification, outcome.seconds
    yield f"{'command':26} python -m bench.sockets {' '.join(sys.argv[1:])}"
    yield f"{'machine':26} {machine.describe()}"
    connecting = f"connected in {outcome.connect_seconds:.0f} s"
    yield f"{'connections held':26} {outcome.connected:,} for {seconds:.0f} s; {connecting}"
    yield f"{'frames sent':26} {tally.sent:,} ({tally.sent / seconds:,.0f} a second; {tally.resent:,} sent again)"
    yield f"{'frames acknowledged':26} {tally.acked:,}"
    yield f"{'frames stored':26} {stored.frames:,} distinct in the topic ({stored.repeats:,} repeats)"
    yield f"{'rows in the store':26} {stored.rows:,}; offline computation of the same beats: {stored.rows_expected:,}"
    pushed = f"{statistics.pushes} pushed, {statistics.duplicates} pushed twice"
    yield f"{'events, pushes':26} {stored.events} of {stored.events_expected} expected, {pushed}"
    yield f"{'send to ack':26} {_milliseconds(statistics.ack_ms)}"
    yield f"{'event to push':26} {_milliseconds(statistics.push_ms)} (frame read by ingest to push at the socket)"
    yield f"{'sent behind schedule':26} {_milliseconds(statistics.delay_ms)}"
    lags = [sample.lag for sample in outcome.samples]
    yield f"{'consumer lag':26} highest {max(lags, default=0):.0f} records, last {lags[-1] if lags else 0:.0f}"
    yield f"{'ingest, a connection':26} {statistics.bytes_per_connection:,.0f} bytes"
    yield (
        f"{'cores':26} {statistics.path_cores:.2f} for the path, {statistics.all_cores:.2f} with the load generators;"
        f" whole machine {statistics.machine_cores:.2f}"
    )
    for name, recovery in statistics.recoveries.items():
        p99 = (
            ""
            if recovery.others_ack_p99_ms is None
            else f"; the others' acks meanwhile p99 {recovery.others_ack_p99_ms:.0f} ms"
        )
        half = f"half of them in {recovery.half_seconds:.1f} s"
        yield f"{name:26} {recovery.sockets:,} reconnected in {recovery.seconds:.1f} s, {half}{p99}"
    yield ""
    yield f"{'process':14} {'CPU s':>8} {'cores':>7} {'MiB':>7}"
    for name, spent in outcome.cpu.items():
        yield f"{name:14} {spent:8.1f} {spent / seconds:7.3f} {outcome.mib[name]:7.0f}"
    yield ""
    yield from (f"PROBLEM: {problem}" for problem in statistics.problems)
    if not statistics.problems:
        yield "nothing lost or duplicated; the store equals the offline computation"


def write(outcome: Outcome, statistics: Statistics, name: str) -> Path:
    """Writes the statistics as JSON."""
    tally, verification = outcome.tally, outcome.verification
    content = {
        "command": f"python -m bench.sockets {' '.join(sys.argv[1:])}".strip(),
        "machine": machine.describe(),
        "seconds": round(outcome.seconds, 1),
        "connections": outcome.connected,
        "sent": tally.sent,
        "acked": tally.acked,
        "stored": verification.frames,
        "resent": tally.resent,
        "rows": verification.rows,
        "rows_expected": verification.rows_expected,
        "events": verification.events,
        "events_expected": verification.events_expected,
        "pushes": statistics.pushes,
        "pushed_twice": statistics.duplicates,
        "ack_ms": statistics.ack_ms,
        "push_ms": statistics.push_ms,
        "behind_schedule_ms": statistics.delay_ms,
        "bytes_per_connection": round(statistics.bytes_per_connection),
        "cores": {
            "path": round(statistics.path_cores, 3),
            "all": round(statistics.all_cores, 3),
            "machine": round(statistics.machine_cores, 3),
        },
        "cpu_seconds": {name: round(spent, 2) for name, spent in outcome.cpu.items()},
        "mib": {name: round(size) for name, size in outcome.mib.items()},
        "lag": [[round(sample.at, 1), sample.lag] for sample in outcome.samples],
        "storm": {name: asdict(recovery) for name, recovery in statistics.recoveries.items()},
        "problems": statistics.problems,
    }
    return figures.write(name, content)


def _milliseconds(percentiles: dict[str, float]) -> str:
    names = {"p50": "p50", "p99": "p99", "p999": "p99.9"}
    return ", ".join(f"{names[name]} {value:.1f} ms" for name, value in percentiles.items()) or "none"


__all__ = ["GENERATOR", "lines", "write"]
