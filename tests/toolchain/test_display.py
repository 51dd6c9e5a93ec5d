"""Progress of the making of tools where lines stay."""

from __future__ import annotations

import io

from rich.console import Console

from local.toolchain.provision.display import Display
from local.toolchain.provision.provisioner import Progress, State
from tests.toolchain.recipes import tool


def test_every_line_names_what_is_under_way_for_it_may_stay_the_last_one_for_minutes() -> None:
    long, short = tool("long"), tool("short")
    told = io.StringIO()
    with Display(Console(file=told, width=200)) as display:
        for progress in (
            Progress(long, State.WAITING),
            Progress(long, State.MAKING),
            Progress(short, State.MAKING),
            Progress(short, State.MADE, seconds=1.0),
            Progress(long, State.MADE, seconds=300.0),
        ):
            display(progress)
    lines = told.getvalue().splitlines()
    assert [line.partition("; ")[2] for line in lines[:4]] == [
        "under way: long",
        "under way: long, short",
        "under way: long",
        "",
    ]
    assert "short" in lines[2] and "made in 1.0 s" in lines[2]
