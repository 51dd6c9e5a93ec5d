"""`aura detect`: stress events from beats on standard input."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from dataflows.biosync.signal.rules import HrvDrop
from dataflows.biosync.tools import detect as biosync


def detect(
    rule: Annotated[HrvDrop, typer.Option(help="What a drop of HRV does.")] = "gate",
    threshold: Annotated[
        float | None, typer.Option(help="Score from which stress counts; the rule's own if unset.")
    ] = None,
) -> None:
    """Read {"t": <Unix ms>, "rr_ms": <ms>} a line, write {"t": <Unix ms of raising>, ...} a stress event."""
    try:
        summary = biosync.detect(sys.stdin.buffer, sys.stdout.buffer, rule, threshold)
    except (biosync.InvalidBeat, biosync.InvalidThreshold, biosync.NoResult) as error:
        typer.echo(f"aura detect: {error}", err=True)
        raise typer.Exit(2) from None
    if note := summary.note():
        typer.echo(f"aura detect: {note}", err=True)
