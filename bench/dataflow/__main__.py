"""Beats a CPU-second of the dataflow: computation, stages, and end to end with Kafka, recovery and store.

    python -m bench.dataflow [--people 50000] [--rounds 10] [--workers 2 4] [--computation]

In bulk: the flow catches up with a full topic. Live: records are sent at their own times. Prints one table, writes
`.aura/bench/dataflow.json`. The engines belong to the run and are removed at its end.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench import figures
from bench.dataflow import end_to_end, peers, stages
from bench.dataflow.measurement import HEAD, Measurement
from bench.dataflow.population import BEATS, SECONDS, Population, generate
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.row import RowKey
from dataflows.biosync.tools.offline import compute_frames
from local.engines.runtime.scratch import scratch_environment

_COMPUTATION_PEOPLE = 2_000
"""People in the benchmark of the computation alone: one partition's share of 24,000."""
_PEER_PEOPLE = 200


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.dataflow", description=__doc__)
    parser.add_argument("--people", type=int, default=50_000, help="people of the whole flow")
    parser.add_argument("--rounds", type=int, default=10, help=f"frames of each, one every {SECONDS:g} s")
    parser.add_argument("--workers", type=int, nargs="*", default=[2], help="more runs in bulk, with as many workers")
    parser.add_argument("--computation", action="store_true", help="skip what needs engines")
    given = parser.parse_args()
    machine = f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"$ python -m bench.dataflow {' '.join(sys.argv[1:])}\n{machine}, load {os.getloadavg()[0]:.1f} at the start")
    print(f"frames of {BEATS} beats, one every {SECONDS:g} s from each person\n{HEAD}")
    results: list[Measurement] = []
    for measurement in _measurements(given):
        results.append(measurement)
        print(measurement.row(), flush=True)
    size = stages.snapshot_bytes(generate(_COMPUTATION_PEOPLE, 60, int(time.time() * 1000) - 600_000))
    print(
        f"a snapshot in S3: {size:,.0f} bytes a person who sent since the last one, {60 * size / 1000:,.0f} kB an hour"
    )
    _write(results, machine, size)


def _measurements(given: argparse.Namespace) -> Iterator[Measurement]:
    now = int(time.time() * 1000)
    population = generate(_COMPUTATION_PEOPLE, 60, now - 600_000)
    yield from stages.stages(population)
    yield from stages.partition_states(population)
    small = generate(_PEER_PEOPLE, 60, now - 600_000)
    yield peers.plain(population)
    yield peers.fold_window(small)
    if given.computation:
        return
    with scratch_environment("bench-dataflow") as scratch, end_to_end.environment(scratch) as environment:
        population = generate(given.people, given.rounds, now - int(1000 * SECONDS * given.rounds))
        rows = _rows(population)
        yield end_to_end.store_write(environment, population, rows)
        yield end_to_end.bulk(environment, population, len(rows))
        for workers in given.workers:
            yield end_to_end.bulk(environment, population, len(rows), workers)
        yield end_to_end.live(environment, population, len(rows))


def _rows(population: Population) -> dict[RowKey, Window]:
    """The rows that the store must hold at the end."""
    results = compute_frames(population.frames)
    return {(user, window.at): window for user, (windows, _) in results.items() for window in windows}


def _processor() -> str:
    with Path("/proc/cpuinfo").open() as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown processor")


def _write(results: list[Measurement], machine: str, snapshot: float) -> None:
    content = {
        "command": f"python -m bench.dataflow {' '.join(sys.argv[1:])}".strip(),
        "machine": machine,
        "load": os.getloadavg()[0],
        "snapshot_bytes_a_person": round(snapshot),
        "measured": {
            result.name.strip(): {
                "beats": result.beats,
                "cpu_seconds": round(result.cpu, 3),
                "wall_seconds": round(result.wall, 3) or None,
                "beats_a_cpu_second": round(result.rate),
                "goal": result.goal or None,
            }
            for result in results
        },
    }
    figures.write("dataflow", content)


if __name__ == "__main__":
    main()
