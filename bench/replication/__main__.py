"""How long after the west acknowledged it the east has a row, a message, a group's offset, a key, an object, a secret.

    python -m bench.replication [--minutes M] [--latency MS] [--load N]

Two regions on a site of its own (AURA_SITE selects it; 8 by default). Prints a table, writes
`.aura/bench/replication.json`.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench import figures
from bench.replication.pair import running
from bench.replication.stores import Store
from local.engines.runtime.scratch import scratch_environment
from local.loss import model
from local.loss.file import LossFile

_EVERY_SECONDS = 0.5
_GIVEN_UP_SECONDS = 60.0
_LOAD_SECONDS = 0.1


@dataclass
class Lags:
    """Of one store, in seconds."""

    store: str
    seconds: list[float] = field(default_factory=list)
    missing: int = 0
    """So many were not there after a minute."""

    def at(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def measure(store: Store, lags: Lags, end: float) -> None:
    """One after the other until `end`, on the monotonic clock."""
    number = 0
    while (begun := time.monotonic()) < end:
        number += 1
        store.write(number)
        acknowledged = time.monotonic()
        while not (there := store.arrived(number)) and time.monotonic() - acknowledged < _GIVEN_UP_SECONDS:
            time.sleep(store.looks)
        if there:
            lags.seconds.append(time.monotonic() - acknowledged)
        else:
            lags.missing += 1
        time.sleep(max(0.0, begun + _EVERY_SECONDS - time.monotonic()))


def load(write: Callable[[int], None], rate: int, end: float) -> None:
    while (begun := time.monotonic()) < end:
        write(max(1, round(rate * _LOAD_SECONDS)))
        time.sleep(max(0.0, begun + _LOAD_SECONDS - time.monotonic()))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.replication", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--latency", type=float, default=model.COAST_TO_COAST_MS, help="there and back, in ms")
    parser.add_argument("--load", type=int, default=200, help="rows and messages a second beside the measured ones")
    options = parser.parse_args()
    begun = time.monotonic()

    def progress(message: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {message}", file=sys.stderr, flush=True)

    with scratch_environment("replication") as scratch, running(scratch.folder, progress) as pair:
        LossFile(pair.site).change(lambda loss: model.delayed(loss, options.latency))
        progress(f"measuring for {options.minutes:g} minutes")
        end = time.monotonic() + options.minutes * 60
        found = [Lags(store.name) for store in pair.stores]
        threads = [
            threading.Thread(target=measure, args=(store, lags, end), daemon=True)
            for store, lags in zip(pair.stores, found, strict=True)
        ]
        threads += [threading.Thread(target=load, args=(w, options.load, end), daemon=True) for w in pair.background]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print(f"{'written in the west, read in the east':38} {'p50':>9} {'p99':>9} {'most':>9} {'count':>6} {'missing':>8}")
    for lags in found:
        shown = " ".join(f"{1000 * lags.at(share):6.0f} ms" for share in (0.5, 0.99, 1.0))
        print(f"{lags.store:38} {shown} {len(lags.seconds):6} {lags.missing:8}")
    print(f"{options.latency:g} ms there and back, {options.load} rows and {options.load} messages a second beside it")
    stores = {one.store: {"p50_s": one.at(0.5), "p99_s": one.at(0.99), "most_s": one.at(1.0)} for one in found}
    counts = {one.store: {"count": len(one.seconds), "missing": one.missing} for one in found}
    content = {"latency_ms": options.latency, "load": options.load, "minutes": options.minutes}
    written = figures.write("replication", {**content, "stores": {n: stores[n] | counts[n] for n in stores}})
    print(f"figures: {written}")
    raise SystemExit(1 if any(lags.missing or not lags.seconds for lags in found) else 0)


if __name__ == "__main__":
    main()
