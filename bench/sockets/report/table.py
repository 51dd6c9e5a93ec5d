"""What a run is told as: a table to read and a JSON file to keep."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import psutil

from bench.sockets.measurement.statistics import GENERATOR, Figures
from bench.sockets.run import Outcome
from local.site import CHECKOUT


def folder() -> Path:
    """Where benchmarks leave their results."""
    made = Path(os.environ.get("AURA_HOME", CHECKOUT / ".aura")) / "bench"
    made.mkdir(parents=True, exist_ok=True)
    return made


def lines(outcome: Outcome, figures: Figures) -> Iterator[str]:
    """Lines of the table."""
    tally, verdict, seconds = outcome.tally, outcome.verdict, outcome.seconds
    yield f"{'command':26} python -m bench.sockets {' '.join(sys.argv[1:])}"
    yield f"{'machine':26} {machine()}"
    yield f"{'connections held':26} {outcome.held:,} for {seconds:.0f} s; connected in {outcome.connect_seconds:.0f} s"
    yield f"{'frames sent':26} {tally.sent:,} ({tally.sent / seconds:,.0f} a second; {tally.resent:,} sent again)"
    yield f"{'frames acknowledged':26} {tally.acked:,}"
    yield f"{'frames stored':26} {verdict.frames:,} distinct in the topic ({verdict.repeats:,} repeats)"
    yield f"{'rows in the store':26} {verdict.rows:,}; offline computation of the same beats: {verdict.rows_expected:,}"
    yield f"{'events, pushes':26} {verdict.events} of {verdict.events_expected} expected, {figures.pushes} pushed,"\
          f" {figures.doubled} pushed twice"  # fmt: skip
    yield f"{'send to ack':26} {_milliseconds(figures.ack_ms)}"
    yield f"{'event to push':26} {_milliseconds(figures.push_ms)} (frame read by ingest to push at the socket)"
    yield f"{'sent behind schedule':26} {_milliseconds(figures.late_ms)}"
    lags = [sample.lag for sample in outcome.samples]
    yield f"{'consumer lag':26} highest {max(lags, default=0):.0f} records, last {lags[-1] if lags else 0:.0f}"
    yield f"{'ingest, a connection':26} {figures.bytes_per_connection:,.0f} bytes"
    yield (
        f"{'cores':26} {figures.path:.2f} for the path, {figures.all:.2f} with the load generators;"
        f" whole machine {figures.machine:.2f}"
    )
    for name, came in figures.storm.items():
        p99 = (
            ""
            if came.others_ack_p99_ms is None
            else f"; the others' acks meanwhile p99 {came.others_ack_p99_ms:.0f} ms"
        )
        yield f"{name:26} {came.sockets:,} back in {came.seconds:.1f} s, half of them in {came.half_seconds:.1f} s{p99}"
    yield ""
    yield f"{'process':14} {'CPU s':>8} {'cores':>7} {'MiB':>7}"
    for name, spent in outcome.cpu.items():
        yield f"{name:14} {spent:8.1f} {spent / seconds:7.3f} {outcome.mib[name]:7.0f}"
    yield ""
    yield from (f"NOT AS IT MUST BE: {problem}" for problem in figures.problems)
    if not figures.problems:
        yield "nothing lost, nothing doubled; the store holds what the offline computation gives"


def write(outcome: Outcome, figures: Figures, name: str) -> Path:
    """The figures as JSON."""
    file = folder() / f"{name}.json"
    tally, verdict = outcome.tally, outcome.verdict
    content = {
        "command": f"python -m bench.sockets {' '.join(sys.argv[1:])}".strip(),
        "machine": machine(),
        "seconds": round(outcome.seconds, 1),
        "connections": outcome.held,
        "sent": tally.sent,
        "acked": tally.acked,
        "stored": verdict.frames,
        "resent": tally.resent,
        "rows": verdict.rows,
        "rows_expected": verdict.rows_expected,
        "events": verdict.events,
        "events_expected": verdict.events_expected,
        "pushes": figures.pushes,
        "pushed_twice": figures.doubled,
        "ack_ms": figures.ack_ms,
        "push_ms": figures.push_ms,
        "behind_schedule_ms": figures.late_ms,
        "bytes_per_connection": round(figures.bytes_per_connection),
        "cores": {"path": round(figures.path, 3), "all": round(figures.all, 3), "machine": round(figures.machine, 3)},
        "cpu_seconds": {name: round(spent, 2) for name, spent in outcome.cpu.items()},
        "mib": {name: round(size) for name, size in outcome.mib.items()},
        "lag": [[round(sample.at, 1), sample.lag] for sample in outcome.samples],
        "storm": {name: asdict(came) for name, came in figures.storm.items()},
        "problems": figures.problems,
    }
    file.write_text(json.dumps(content, indent=1) + "\n")
    return file


def machine() -> str:
    """Processor, cores, memory, kernel."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    memory = psutil.virtual_memory().total / (1 << 30)
    return f"{model}, {psutil.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}"


def _milliseconds(percentiles: dict[str, float]) -> str:
    names = {"p50": "p50", "p99": "p99", "p999": "p99.9"}
    return ", ".join(f"{names[name]} {value:.1f} ms" for name, value in percentiles.items()) or "none"


__all__ = ["GENERATOR", "folder", "lines", "machine", "write"]
