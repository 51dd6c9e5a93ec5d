"""Pulumi on the stack `local`, from nothing: preview, up, up without a change, refresh, destroy; memory by engine.

    python -m bench.infra

On a site of its own in a temporary folder; AURA_SITE selects its addresses (8 by default). Prints a table, writes
`.aura/bench/infra.json`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from bench import figures
from bench.infra.memory import by_engine
from cli.deploy import stack
from cli.environment import exports
from cli.progress.steps import StepFailed
from cli.progress.subprocesses import run
from local import plugins
from local.cloud import endpoint
from local.engines.runtime.scratch import scratch_environment
from local.site import CHECKOUT, Site
from local.toolchain import tools

_MIB = 1 << 20


class Timed:
    """Runs Pulumi's commands on a site, and keeps how long each took."""

    def __init__(self, site: Site, log: Path) -> None:
        self.site, self.log = site, log
        self.seconds: dict[str, float] = {}
        self.begun = time.monotonic()

    def pulumi(self, what: str, *argv: str) -> str:
        self.progress(what)
        begun = time.monotonic()
        command = [tools.path("pulumi"), *argv, *stack.PLAIN, "--color=never"]
        printed = run(command, exports(self.site), self.log, lambda _: None, CHECKOUT)
        self.seconds[what] = time.monotonic() - begun
        return stack.summary(printed)

    def progress(self, message: str) -> None:
        print(f"{time.monotonic() - self.begun:6.0f} s  {message}", file=sys.stderr, flush=True)


def measure(site: Site, timed: Timed) -> tuple[dict[str, str], dict[str, int]]:
    """What each command did, and the memory of the engines while everything is there."""
    timed.progress("the account")
    stack.up(site, exports(site), timed.log, lambda _: None, stack.BOOTSTRAP)
    plugins.install(site, CHECKOUT)
    did = {
        "preview": timed.pulumi("preview", "preview"),
        "up": timed.pulumi("up", "up", "--yes", "--skip-preview"),
        "up without a change": timed.pulumi("up without a change", "up", "--yes", "--skip-preview"),
        "refresh": timed.pulumi("refresh", "refresh", "--yes", "--skip-preview"),
    }
    sizes = by_engine(site)
    did["destroy"] = timed.pulumi("destroy", "destroy", "--yes", "--skip-preview")
    return did, sizes


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.infra", description=__doc__)
    parser.parse_args()
    with scratch_environment("infra") as scratch:
        site = Site(scratch.folder / "site", int(os.environ.get("AURA_SITE") or 8))
        timed = Timed(site, scratch.folder / "pulumi.log")
        endpoint.start(site)
        try:
            did, sizes = measure(site, timed)
        except StepFailed as error:
            raise SystemExit(f"{error}; its output ends:\n{timed.log.read_text()[-3000:]}") from None
        finally:
            endpoint.stop(site, engines=True)
    for what, seconds in timed.seconds.items():
        print(f"{what:24} {seconds:8.1f} s  {did[what]}")
    for name, size in sizes.items():
        print(f"{name:24} {size / _MIB:8.0f} MiB")
    print(f"{'all engines':24} {sum(sizes.values()) / _MIB:8.0f} MiB")
    written = figures.write("infra", {"seconds": timed.seconds, "did": did, "memory_bytes": sizes})
    print(f"figures: {written}")


if __name__ == "__main__":
    main()
