"""Bio-Sync under load: sockets -> ingest -> Kafka -> dataflow -> store, and pushes back, on this machine.

    python -m bench.sockets [--users N] [--seconds S] [--gateway] [--storm] [--plaintext]

Every user sends ten beats every eight seconds; one in a hundred has a stress episode that raises an event. Prints a
table, writes `.aura/bench/sockets.json` (with --gateway or --storm `sockets-gateway.json`, `sockets-storm.json`).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from itertools import pairwise

from bench import figures
from bench.sockets.load.assignment import Endpoints
from bench.sockets.load.pool import MAX_SOCKETS, GeneratorPool, issue_tokens
from bench.sockets.load.population import Population
from bench.sockets.measurement import reconnects
from bench.sockets.report import plot, table
from bench.sockets.report.statistics import GENERATOR, compute
from bench.sockets.run import run
from bench.sockets.system import deployment
from bench.sockets.system.gateway import gateways_for
from local.engines.runtime.scratch import scratch_environment


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sockets", description=__doc__)
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, help="default 300; with --storm 150")
    parser.add_argument("--partitions", type=int, default=12, help="of the raw topic; default 12, as in manifests/base")
    parser.add_argument("--storm", action="store_true", help="kill an ingest process, then drop all sockets")
    parser.add_argument("--gateway", action="store_true", help="through HAProxy: TLS 1.3, tokens verified there too")
    parser.add_argument("--plaintext", action="store_true", help="engines without TLS: what encryption costs")
    options = parser.parse_args()
    if options.gateway and options.storm:
        parser.error("--storm needs direct connections: behind the gateway the process of a user is unknown")
    population = Population(options.users, options.seconds or (reconnects.SECONDS if options.storm else 300.0))
    processes = -(-population.users // MAX_SOCKETS)
    begun = time.monotonic()

    def progress(message: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {message}", file=sys.stderr, flush=True)

    with scratch_environment("sockets") as scratch:
        progress(f"starting engines and services in {scratch.folder}")
        running = deployment.start(scratch, processes, options.partitions, not options.plaintext)
        progress("creating tokens and wearables")
        gateways = gateways_for(scratch, running, population.users, processes) if options.gateway else None
        targets = gateways.endpoints if gateways else [program.address for program in running.ingest]
        ca_file = gateways.ca_file if gateways else None
        endpoints = [
            Endpoints(sources, {n: targets[n] for n in range(i, len(targets), processes)}, ca_file)
            for i, sources in enumerate(pairwise(scratch.addresses[: processes + 1]))
        ]
        generators = GeneratorPool(population, endpoints, issue_tokens(population, running.key))

        def pids() -> dict[str, list[int]]:
            own = {name: [pid] for name, process in running.processes.items() if (pid := process.pid()) is not None}
            return {**({"gateway": gateways.pids} if gateways else {}), **own, GENERATOR: generators.pids}

        try:
            outcome = run(running, pids, population, generators, options.storm, progress)
        finally:
            generators.stop()
            if gateways:
                gateways.stop()
    statistics = compute(outcome, options.storm)
    print("\n".join(table.lines(outcome, statistics)))
    name = "sockets" + ("-storm" if options.storm else "-gateway" if options.gateway else "")
    name += "-plaintext" if options.plaintext else ""
    written = table.write(outcome, statistics, name)
    drawing = plot.draw(outcome, figures.file(f"{name}.png"))
    print(f"\nplot: {drawing}, figures: {written}", flush=True)
    os._exit(1 if statistics.problems else 0)


if __name__ == "__main__":
    main()
