"""Progress output without a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from local.toolchain.provision.display import Display
from local.toolchain.provision.provisioner import Progress, State
from tests.toolchain.recipes import tool


def test_every_line_names_all_builds_in_progress() -> None:
    long, short = tool("long"), tool("short")
    output = io.StringIO()
    with Display(Console(file=output, width=200)) as display:
        for progress in (
            Progress(long, State.PENDING),
            Progress(long, State.BUILDING),
            Progress(short, State.BUILDING),
            Progress(short, State.BUILT, seconds=1.0),
            Progress(long, State.BUILT, seconds=300.0),
        ):
            display(progress)
    lines = output.getvalue().splitlines()
    assert [line.partition("; ")[2] for line in lines[:4]] == [
        "in progress: long",
        "in progress: long, short",
        "in progress: long",
        "",
    ]
    assert "short" in lines[2] and "built in 1.0 s" in lines[2]
