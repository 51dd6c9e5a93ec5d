"""`aura status`: the state of the platform in one table."""

from __future__ import annotations

import sys

import boto3
from rich.console import Console
from rich.table import Column, Table

from local.observe.model import CustomResource, Platform, Pod, Resource
from local.observe.platform import observe
from local.site import Site

WIDTH = 160
"""Columns of the table when the output is no terminal."""


def status() -> None:
    """Prints the table; exits with 1 when the platform is not healthy."""
    platform = observe(Site.current(), boto3.Session(aws_access_key_id="local", aws_secret_access_key="local"))
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    if not (platform.resources or platform.custom_resources or platform.pods):
        console.print("Nothing runs here. `make up` starts the platform." if platform.problems else "Nothing declared.")
    else:
        console.print(render(platform))
    for problem in platform.problems:
        console.print(f"[red]{problem}[/]")
    raise SystemExit(0 if healthy(platform) else 1)


def healthy(platform: Platform) -> bool:
    """Everything answers, every resource serves, every custom resource and Pod is Ready."""
    return (
        not platform.problems
        and bool(platform.resources)
        and all(r.healthy for r in platform.resources)
        and all(c.ready for c in platform.custom_resources)
        and all(p.ready or p.phase == "Succeeded" for p in platform.pods)
    )


def render(platform: Platform) -> Table:
    """Names are wrapped in a narrow terminal, not truncated."""
    columns = [Column(head, overflow="fold") for head in ("region", "kind", "name", "state", "lag", "detail")]
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    rows = [*platform.resources, *platform.custom_resources, *platform.pods]
    for region in dict.fromkeys(row.region for row in rows):
        for row in rows:
            if row.region == region:
                table.add_row(region, *_cells(row))
    return table


def _cells(row: Resource | CustomResource | Pod) -> tuple[str, str, str, str, str]:
    match row:
        case Resource():
            return row.kind, row.name, _colour(row.status, row.healthy), "", row.endpoint
        case CustomResource():
            detail = "" if row.ready else row.reason
            return row.kind, row.name, _colour("Ready" if row.ready else "not ready", row.ready), row.lag, detail
        case Pod():
            restarts = f"{row.restarts} restarts" if row.restarts else ""
            detail = ", ".join(filter(None, (row.node, restarts, row.reason)))
            return "Pod", row.name, _colour("Ready" if row.ready else row.phase, row.ready), "", detail


def _colour(text: str, good: bool) -> str:
    return f"[{'green' if good else 'yellow'}]{text}[/]"
