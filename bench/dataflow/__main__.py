"""Beats a CPU-second of the dataflow: computation, stages, and the whole of it with Kafka, recovery and store.

    python -m bench.dataflow [--people 50000] [--rounds 10] [--workers 2] [--computation]

In bulk: the flow catches up with a full topic. Live: records come when they would. Prints one table, writes
`.aura/bench/dataflow.json`. The engines are the run's own and are removed at its end.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.dataflow import end_to_end as whole
from bench.dataflow import peers, stages
from bench.dataflow.measurement import HEAD, Measurement
from bench.dataflow.population import BEATS, SECONDS, Population, generate
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.sink.results import RowKey
from dataflows.biosync.tools.offline import compute_frames
from local.engines import ground
from local.site import CHECKOUT

_PEOPLE_ALONE = 2_000
"""People of the computation alone: what one partition has of 24,000."""
_PEER_PEOPLE = 200


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.dataflow", description=__doc__)
    parser.add_argument("--people", type=int, default=50_000, help="people of the whole flow")
    parser.add_argument("--rounds", type=int, default=10, help=f"frames of each, one every {SECONDS:g} s")
    parser.add_argument("--workers", type=int, default=2, help="processes of the last run in bulk")
    parser.add_argument("--computation", action="store_true", help="leave out what needs engines")
    given = parser.parse_args()
    machine = f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"$ python -m bench.dataflow {' '.join(sys.argv[1:])}\n{machine}, load {os.getloadavg()[0]:.1f} at the start")
    print(f"frames of {BEATS} beats, one every {SECONDS:g} s from each person\n{HEAD}")
    results: list[Measurement] = []
    for measured in _measurements(given):
        results.append(measured)
        print(measured.row(), flush=True)
    _write(results, machine)


def _measurements(given: argparse.Namespace) -> Iterator[Measurement]:
    now = int(time.time() * 1000)
    some = generate(_PEOPLE_ALONE, 60, now - 600_000)
    yield from stages.stages(some)
    yield from stages.people(some)
    few = generate(_PEER_PEOPLE, 60, now - 600_000)
    yield peers.plain(some)
    yield peers.fold_window(few)
    if given.computation:
        return
    with ground.temporary("bench-dataflow") as place, whole.environment(place) as stand:
        everyone = generate(given.people, given.rounds, now - int(1000 * SECONDS * given.rounds))
        rows = _rows(everyone)
        yield whole.store_write(stand, everyone, rows)
        yield whole.bulk(stand, everyone, len(rows))
        if given.workers > 1:
            yield whole.bulk(stand, everyone, len(rows), given.workers)
        yield whole.live(stand, everyone, len(rows))


def _rows(everyone: Population) -> dict[RowKey, Window]:
    """What the store must hold in the end."""
    results = compute_frames(everyone.frames)
    return {(user, window.at): window for user, (windows, _) in results.items() for window in windows}


def _processor() -> str:
    with Path("/proc/cpuinfo").open() as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown processor")


def _write(results: list[Measurement], machine: str) -> None:
    folder = Path(os.environ.get("AURA_HOME", CHECKOUT / ".aura")) / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "command": f"python -m bench.dataflow {' '.join(sys.argv[1:])}".strip(),
        "machine": machine,
        "load": os.getloadavg()[0],
        "measured": {
            one.name.strip(): {
                "beats": one.beats,
                "cpu_seconds": round(one.cpu, 3),
                "wall_seconds": round(one.wall, 3) or None,
                "beats_a_cpu_second": round(one.rate),
                "goal": one.goal or None,
            }
            for one in results
        },
    }
    (folder / "dataflow.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
