"""`aura inventory`: reads the state of a stack and prints the table."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from cli.inventory.prices import Cost, Prices, load
from cli.inventory.rows import KINDS, Row, rows, total
from cli.inventory.state import UnusableState, parse
from cli.inventory.timeseries import clusters
from cli.progress.steps import StepFailed
from local import plugins
from local.plugins.home import STACK
from local.site import CHECKOUT, Site
from local.toolchain import tools

_OVERLAYS = CHECKOUT / "manifests" / "overlays"
WIDTH = 200
"""Columns of the table when the output is no terminal."""


def inventory(stack: str, profile: str | None) -> None:
    """Exits with 1 when the state cannot be read. `profile` of the user's AWS configuration is for stacks on AWS."""
    try:
        held = parse(json.loads(_export(stack, profile)))
    except (StepFailed, UnusableState, ValueError) as error:
        sys.exit(f"aura inventory: the state of stack {stack} cannot be used: {error}")
    prices = load()
    found = rows(held, prices)
    try:
        regions = [row.region for row in found if row.kind == KINDS["aws:eks/cluster:Cluster"]]
        found += clusters(regions, _OVERLAYS / stack, _rendered, prices)
        found.sort(key=lambda row: row.region)
    except (StepFailed, tools.ToolMissing) as error:
        sys.exit(f"aura inventory: the manifests of stack {stack} cannot be rendered: {error}")
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    console.print(render(found))
    for line in summary(found, prices):
        console.print(line, highlight=False)


def _export(stack: str, profile: str | None) -> str:
    """What `pulumi stack export` prints. The local stack is this site's; another is where the user is logged in."""
    environ: Mapping[str, str] = dict(os.environ)
    if stack == STACK:
        if not plugins.has_stack(Site.current()):
            raise StepFailed("nothing was made here yet; `make up` makes it")
        environ = {**environ, **plugins.environment(Site.current())}
    elif profile:
        environ = {**environ, "AWS_PROFILE": profile}
    program = shutil.which("pulumi", path=environ.get("PATH"))
    if program is None:
        raise StepFailed("there is no pulumi on PATH; install Pulumi's CLI and log in to the account's bucket")
    argv = [program, "stack", "export", "--stack", stack, "--non-interactive", "--cwd", str(CHECKOUT)]
    return _printed(argv, environ)


def _rendered(overlay: Path) -> str:
    """What `kubectl kustomize` prints."""
    return _printed([shutil.which("kubectl") or str(tools.path("kubectl")), "kustomize", str(overlay)], os.environ)


def _printed(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise StepFailed(done.stderr.strip() or f"{Path(argv[0]).name} ended with {done.returncode}")
    return done.stdout


def render(found: list[Row]) -> Table:
    heads = ("region", "kind", "name", "size", "copied to", "lost with its region", "$ a month")
    columns = [Column(head, overflow="fold", justify="right" if "$" in head else "left") for head in heads]
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in found:
        table.add_row(row.region, row.kind, row.name, row.size, row.copied_to, row.lost, _money(row.cost))
    return table


def _money(cost: Cost | None) -> str:
    if cost is None:
        return ""
    return f"{cost.usd:,.2f}{' + ?' if cost.unpriced else ''}" if cost.usd else "?"


def summary(found: list[Row], prices: Prices) -> list[str]:
    every = total(found)
    dates = ", ".join(sorted({one.seen for one in prices.of.values()}))
    return [
        f"{every.usd:,.2f} $ a month on demand, by list prices of {prices.region} for every region, as of {dates}"
        " (cli/inventory/prices.toml).",
        "Without what is paid by use: traffic, requests, objects, logs, snapshots.",
        *([f"Without a price, and not in the sum: {', '.join(every.unpriced)}."] if every.unpriced else []),
    ]
