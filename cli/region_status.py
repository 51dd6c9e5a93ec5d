"""`aura region status`: both sides, what each copies to the other, and what would be lost now."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Column, Table

from cli.deploy.regions import serving
from contracts.platform import RegionRole
from local.cloud import endpoint
from local.loss.copies import CopiesFile, Copy
from local.loss.file import LossFile
from local.loss.model import Loss, condition
from local.site import Site

WIDTH = 140
"""Columns of the output when it is no terminal."""
_STALE_SECONDS = 20.0


def status() -> None:
    """Exits with 1 when nothing runs, a region is lost or a copy is behind a hindrance. Raises Unreadable."""
    site = Site.current()
    if endpoint.process(site).pid() is None:
        sys.exit("Nothing runs here: `make up` starts the platform.")
    loss, copies = LossFile(site).current(), CopiesFile(site).read()
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    declared = dict(zip(serving(site), (RegionRole.ACTIVE, RegionRole.PASSIVE), strict=False))
    for line in regions(loss, declared):
        console.print(line, highlight=False)
    console.print(table(copies, loss, time.time()))
    if not copies:
        console.print("No region copies anything to another one here.")
    raise SystemExit(0 if loss.nothing and not any(copy.after for copy in copies) else 1)


def regions(loss: Loss, roles: Mapping[str, str]) -> list[str]:
    """A line for each region, and one for what is between them."""
    lines = [f"{name}: {condition(loss, name)}, declared {role}" for name, role in roles.items()]
    refusing = "; every call of a control plane is refused" if loss.refusing else ""
    return [*lines, f"between regions: {loss.latency_ms:g} ms there and back{refusing}"]


def table(copies: Sequence[Copy], loss: Loss, now: float) -> Table:
    """`now` in seconds of the epoch."""
    columns = [Column(head, overflow="fold") for head in ("store", "name", "from", "to", "lag", "lost now", "")]
    made = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for copy in sorted(copies, key=lambda one: (one.source, one.store, one.name)):
        made.add_row(copy.store, copy.name, copy.source, copy.target, lag(copy), lacking(copy), note(copy, loss, now))
    return made


def lag(copy: Copy) -> str:
    return "unknown" if copy.seconds is None else f"{copy.seconds:.2f} s"


def lacking(copy: Copy) -> str:
    """What the loss of the source would lose, as far as it was measured."""
    unit = copy.unit.removesuffix("s") if copy.lacking == 1 and " " not in copy.unit else copy.unit
    return f"{copy.lacking:,.0f} {unit}" if copy.lacking else "nothing"


def note(copy: Copy, loss: Loss, now: float) -> str:
    """What stands in the way, and how old the figures are when they are not of now."""
    lost = [f"{name} is {condition(loss, name)}" for name in (copy.source, copy.target) if loss.lost(name)]
    old = [f"measured {now - copy.at:,.0f} s ago"] if now - copy.at > _STALE_SECONDS else []
    return ", ".join([*lost, *([copy.after] if copy.after and not lost else []), *old])
