"""Output of a long command while it runs and when it fails."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from cli.progress import steps
from cli.progress.steps import Progress, Step, StepFailed, results_table, run_steps
from cli.progress.subprocesses import run
from tests.fixtures.waiting import until


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=120)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_steps_run_in_order_and_show_number_outcome_and_time(console: Console, tmp_path: Path) -> None:
    ran: list[str] = []

    def step(name: str) -> Step:
        def work(_: Progress) -> str:
            ran.append(name)
            return f"{name} done"

        return Step(name, work, tmp_path / name)

    done = run_steps([step("first"), step("second")], console)

    assert ran == ["first", "second"]
    assert "[ 2/2] second" in printed(console)
    console.print(results_table(done))
    assert "total" in printed(console)


def test_an_unchanged_step_is_repeated_with_the_elapsed_time(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "REPEAT_SECONDS", 0)

    def work(progress: Progress) -> str:
        progress("compiling")
        until("a line", lambda: "compiling" in printed(console), seconds=10)
        return "compiled"

    run_steps([Step("tools", work, tmp_path / "log")], console)
    assert re.search(r"\[ 1/1\] tools +\d+ s +compiling", printed(console))


def test_a_failed_step_shows_its_log_and_stops_what_follows(console: Console, tmp_path: Path) -> None:
    def fails(show: Progress) -> str:
        return run([sys.executable, "-c", "print('the disk is full'); raise SystemExit(3)"], {}, tmp_path / "log", show)

    def never(_: Progress) -> str:
        pytest.fail("a step after a failed one ran")

    with pytest.raises(StepFailed) as failed:
        run_steps([Step("write", fails, tmp_path / "log"), Step("read", never, tmp_path / "log")], console)

    message = str(failed.value)
    assert "write failed" in message
    assert "ended with 3" in message
    assert "the disk is full" in message
    assert str(tmp_path / "log") in message


def test_a_program_is_interrupted_when_its_starter_is_killed(tmp_path: Path) -> None:
    """The child gets SIGINT, so that it can finish what it holds open; here it says so in a file."""
    goodbye = tmp_path / "goodbye"
    child = (
        f"import signal,sys,pathlib\nsignal.signal(signal.SIGINT, lambda *_: (pathlib.Path({str(goodbye)!r})"
        ".write_text('bye'), sys.exit()))\nprint('ready', flush=True)\nsignal.pause()"
    )
    starter = f"""
import os, signal, sys
from pathlib import Path
from cli.progress.subprocesses import run
run([sys.executable, "-c", {child!r}], {{}}, Path({str(tmp_path / "log")!r}),
    lambda line: os.kill(os.getpid(), signal.SIGKILL))
"""
    ended = subprocess.run([sys.executable, "-c", starter], timeout=30)
    assert ended.returncode == -9
    until("the child's goodbye", goodbye.exists, seconds=10)
