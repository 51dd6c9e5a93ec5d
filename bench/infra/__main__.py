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

import boto3

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
_CALLS = 200


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


def answer_times(site: Site) -> list[float]:
    """Of DescribeDBInstances while everything runs: milliseconds, the shortest first."""
    environ = exports(site)
    rds = boto3.client(
        "rds",
        endpoint_url=site.endpoint_url,
        region_name=environ["AWS_REGION"],
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
    )
    found: list[float] = []
    for _ in range(_CALLS):
        begun = time.perf_counter()
        rds.describe_db_instances()
        found.append((time.perf_counter() - begun) * 1000)
    return sorted(found)


def measure(site: Site, timed: Timed) -> tuple[dict[str, str], dict[str, int], list[float]]:
    """What each command did; the memory of the engines, and how long the endpoint takes, while everything is there."""
    timed.progress("the account")
    stack.up(site, exports(site), timed.log, lambda _: None, stack.BOOTSTRAP)
    plugins.install(site, CHECKOUT)
    did = {
        "preview": timed.pulumi("preview", "preview"),
        "up": timed.pulumi("up", "up", "--yes", "--skip-preview"),
        "up without a change": timed.pulumi("up without a change", "up", "--yes", "--skip-preview"),
        "refresh": timed.pulumi("refresh", "refresh", "--yes", "--skip-preview"),
    }
    sizes, times = by_engine(site), answer_times(site)
    did["destroy"] = timed.pulumi("destroy", "destroy", "--yes", "--skip-preview")
    return did, sizes, times


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.infra", description=__doc__)
    parser.parse_args()
    with scratch_environment("infra") as scratch:
        site = Site(scratch.folder / "site", int(os.environ.get("AURA_SITE") or 8))
        timed = Timed(site, scratch.folder / "pulumi.log")
        endpoint.start(site)
        try:
            did, sizes, times = measure(site, timed)
        except StepFailed as error:
            raise SystemExit(f"{error}; its output ends:\n{timed.log.read_text()[-3000:]}") from None
        finally:
            endpoint.stop(site, engines=True)
    for what, seconds in timed.seconds.items():
        print(f"{what:24} {seconds:8.1f} s  {did[what]}")
    for name, size in sizes.items():
        print(f"{name:24} {size / _MIB:8.0f} MiB")
    print(f"{'all engines':24} {sum(sizes.values()) / _MIB:8.0f} MiB")
    median, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    print(f"{'DescribeDBInstances':24} {median:8.1f} ms p50, {p99:.1f} ms p99 of {len(times)}")
    of_endpoint = {"p50_ms": median, "p99_ms": p99}
    content = {"seconds": timed.seconds, "did": did, "memory_bytes": sizes, "describe_db_instances": of_endpoint}
    written = figures.write("infra", content)
    print(f"figures: {written}")


if __name__ == "__main__":
    main()
