"""Bio-Sync under load: sockets -> ingest -> Kafka -> dataflow -> store, and pushes back, on this machine.

    python -m bench.sockets [--users N] [--seconds S] [--gateway] [--storm]

Everybody sends ten beats every eight seconds; one in a hundred has a stress episode that raises an event. Prints a
table, writes `.aura/bench/sockets.json` (with --gateway or --storm `sockets-gateway.json`, `sockets-reconnects.json`).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from itertools import pairwise

from bench.sockets.load.generator import Doors
from bench.sockets.load.pool import MOST_SOCKETS, Generators, tokens
from bench.sockets.load.population import Crowd
from bench.sockets.measurement import reconnects
from bench.sockets.measurement.statistics import GENERATOR, figures
from bench.sockets.report import plot, table
from bench.sockets.run import run
from bench.sockets.system import deployment
from bench.sockets.system.gateway import Gateways
from local.engines.ground import temporary


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sockets", description=__doc__)
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, help="300; with --storm 150, which its blows need")
    parser.add_argument("--partitions", type=int, default=12, help="of the raw topic; 12, as manifests/base declares")
    parser.add_argument("--storm", action="store_true", help="kill an ingest process, then drop all sockets")
    parser.add_argument("--gateway", action="store_true", help="through HAProxy: TLS 1.3, tokens verified there too")
    given = parser.parse_args()
    if given.gateway and given.storm:
        parser.error("a storm is measured without the gateway: behind it nobody knows who is at which process")
    crowd = Crowd(given.users, given.seconds or (reconnects.SECONDS if given.storm else 300.0))
    processes = -(-crowd.users // MOST_SOCKETS)
    begun = time.monotonic()

    def tell(what: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {what}", file=sys.stderr, flush=True)

    with temporary("sockets") as ground:
        tell(f"starting engines and services in {ground.folder}")
        flow = deployment.start(ground, processes, given.partitions)
        tell("making tokens and wearables")
        gateways = Gateways(ground, flow, crowd.users, processes) if given.gateway else None
        to = gateways.doors if gateways else [program.place for program in flow.ingest]
        authority = gateways.authority if gateways else None
        doors = [
            Doors(sources, {n: to[n] for n in range(i, len(to), processes)}, authority)
            for i, sources in enumerate(pairwise(ground.addresses[: processes + 1]))
        ]
        generators = Generators(crowd, doors, tokens(crowd, flow.key))

        def pids() -> dict[str, list[int]]:
            own = {name: [pid] for name, process in flow.processes.items() if (pid := process.pid()) is not None}
            return {**({"gateway": gateways.pids} if gateways else {}), **own, GENERATOR: generators.pids}

        try:
            outcome = run(flow, pids, crowd, generators, given.storm, tell)
        finally:
            generators.stop()
            if gateways:
                gateways.stop()
    found = figures(outcome, given.storm)
    print("\n".join(table.lines(outcome, found)))
    name = "sockets" + ("-storm" if given.storm else "-gateway" if given.gateway else "")
    written = table.write(outcome, found, name)
    drawing = plot.draw(outcome, table.folder() / f"{name}.png")
    print(f"\nplot: {drawing}, figures: {written}", flush=True)
    os._exit(1 if found.problems else 0)


if __name__ == "__main__":
    main()
