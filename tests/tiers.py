"""Runs the tests tier by tier: `python -m tests.tiers [TIER...]`, all of TIERS when none is named.

A tier that runs no test fails, and so does one that leaves a process behind. Stops at the first failure, and keeps
the folder with logs and data of that tier.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

TIERS = {
    "unit": "not integration and not e2e and not kill and not fuzz and not pair",
    "integration": "integration and not e2e and not kill and not pair",
    "e2e": "e2e and not kill and not pair",
    "kill": "kill",
}
ON_DEMAND = {"pair": "pair"}
"""Tiers that run only when they are named."""
_TWO_WORKERS = ("--numprocesses=2", "--dist=loadscope", "--no-loadscope-reorder")
PYTEST_OPTIONS = {"unit": _TWO_WORKERS, "integration": _TWO_WORKERS}
"""Integration tests wait for engines half of the time; each worker process has its own engines."""
SITE = "9"
SECONDS_TO_END = 20.0


@dataclass(frozen=True)
class Result:
    """Result of one tier; `problem` is empty on success."""

    tier: str
    ran: int
    skipped: int
    seconds: float
    problem: str

    def __str__(self) -> str:
        counted = f"{self.tier:<12} {self.ran:>5} ran {self.skipped:>4} skipped {self.seconds:>7.1f} s"
        return f"{counted}   {self.problem or 'ok'}"


def run_tier(tier: str, folder: Path, arguments: Sequence[str] = ()) -> Result:
    """Runs the tests of one tier. Their files, and a platform that they start, are in `folder`."""
    started = time.monotonic()
    report = folder / f"{tier}.xml"
    environment = {**os.environ, "AURA_HOME": str(folder / "home"), "AURA_SITE": SITE, "TMPDIR": str(folder)}
    code = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-m",
            (TIERS | ON_DEMAND)[tier],
            "--junitxml",
            report,
            "--basetemp",
            folder / tier,
            *PYTEST_OPTIONS.get(tier, ()),
            *arguments,
        ],
        env=environment,
        check=False,
    ).returncode
    ran, skipped = counts(report.read_text()) if report.exists() else (0, 0)
    left = end_leftovers(folder, SECONDS_TO_END)
    return Result(tier, ran, skipped, time.monotonic() - started, problem(code, ran, left))


def problem(code: int, ran: int, left: Sequence[str]) -> str:
    """Why a tier failed, from pytest's exit code, the number of tests and leftover processes; empty on success."""
    if ran == 0 and code in (0, 5):
        return "FAILED: not a single test ran"
    if code:
        return f"FAILED: pytest ended with code {code}"
    if left:
        return "FAILED: left processes behind (killed now): " + "; ".join(left)
    return ""


def counts(report: str) -> tuple[int, int]:
    """Numbers of tests that ran and that were skipped, from pytest's JUnit report."""
    suites = list(ElementTree.fromstring(report).iter("testsuite"))
    skipped = sum(int(suite.get("skipped", "0")) for suite in suites)
    return sum(int(suite.get("tests", "0")) for suite in suites) - skipped, skipped


def end_leftovers(folder: Path, seconds: float) -> list[str]:
    """Waits for the processes that name `folder` in command line, environment or working directory, and kills those
    that remain after `seconds`. Returns their command lines."""
    deadline = time.monotonic() + seconds
    while (left := _processes(str(folder))) and time.monotonic() < deadline:
        time.sleep(0.2)
    commands = [_command(process) for process in left]  # not readable after the end of the process
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return commands


def _processes(folder: str) -> list[psutil.Process]:
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [process for process in psutil.process_iter() if process.pid not in own and _names(process, folder)]


def _names(process: psutil.Process, folder: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        texts = [*process.cmdline(), *process.environ().values(), process.cwd()]
    except psutil.Error:
        return False  # has ended, or belongs to another user
    return any(folder in text for text in texts)


def _command(process: psutil.Process) -> str:
    try:
        return f"{process.pid} {' '.join(process.cmdline())[:120]}"
    except psutil.Error:
        return str(process.pid)


def main(tiers: Sequence[str]) -> int:
    unknown = [tier for tier in tiers if tier not in TIERS | ON_DEMAND]
    if unknown:
        print(f"unknown tier: {', '.join(unknown)}; known tiers: {', '.join(TIERS | ON_DEMAND)}", file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="aura-t"))  # short: the path of a Unix socket below it has at most 107 bytes
    results: list[Result] = []
    for tier in tiers or TIERS:
        print(f"\n=== {tier}", flush=True)
        results.append(run_tier(tier, folder))
        if results[-1].problem:
            break
    print("\n" + "\n".join(map(str, results)))
    if any(result.problem for result in results):
        print(f"logs and data of the failed tier are in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
