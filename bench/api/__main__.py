"""Requests a CPU-second and latencies of what apps and services ask, directly and through the gateway, on this machine.

    python -m bench.api [--seconds S] [--only NAME ...]

Each service is one process, with real engines. As fast as it goes: 8 calls at a time for S seconds. Latencies: at a
fixed rate for S seconds. Every answer is checked; one that is wrong makes its row an error. Prints a table, writes
`.aura/bench/api.json`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from bench import figures, machine
from bench.api import population, table
from bench.api.measurement import Row, take
from bench.api.system import running
from bench.api.targets import targets
from local.engines.runtime.scratch import scratch_environment

NAMES = ("bare", "kit", "token", "launch", "catalogue", "search", "playback", "refresh", "introspect")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.api", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load; default 10")
    parser.add_argument("--only", action="append", choices=NAMES, help="measure this only; may be repeated")
    options = parser.parse_args()
    command = f"python -m bench.api {' '.join(sys.argv[1:])}".strip()
    begun = time.monotonic()

    def progress(message: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {message}", file=sys.stderr, flush=True)

    print(f"$ {command}\n{machine.describe()}, load {os.getloadavg()[0]:.1f} at the start\n{table.HEAD}", flush=True)
    rows: list[Row] = []
    with scratch_environment("api") as scratch, running(scratch, population.store_items, progress) as system:
        progress("people introduce themselves, the search index is built")
        population.introduce(system)
        population.await_search(system)
        chosen = [target for target in targets(system) if not options.only or target.name in options.only]
        for target in chosen:
            for way in target.ways:
                progress(f"{target.title}, {way}")
                rows.append(take(system, target, way, options.seconds))
                print(table.line(rows[-1]), flush=True)
    reached = list(table.goals(rows, chosen))
    print(f"\nload {os.getloadavg()[0]:.1f} at the end", *(goal.line() for goal in reached), sep="\n")
    written = figures.write("api", table.content(command, machine.describe(), options.seconds, rows, reached))
    print(f"\nfigures: {written}", flush=True)
    sys.exit(1 if any(row.wrong for row in rows) else 0)


if __name__ == "__main__":
    main()
