"""Updates the Pulumi stack `local` of a project to what it declares, also after an interrupted run."""

from __future__ import annotations

import fcntl
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cli.progress.steps import Progress, StepFailed
from cli.progress.subprocesses import run
from local import plugins
from local.site import CHECKOUT, Site
from local.toolchain import tools

STACK = "local"
PLAIN = ("--non-interactive", "--stack", STACK)
LOCK_SECONDS = 600


BOOTSTRAP = CHECKOUT / "infra" / "bootstrap"
"""The project of what an account needs first; that of the platform is the checkout."""


def up(site: Site, env: Mapping[str, str], log: Path, progress: Progress, project: Path = CHECKOUT) -> str:
    """`pulumi up`; returns its summary, such as "61 unchanged"."""
    plugins.install(site, project)
    with exclusive_lock(site.home / "pulumi" / "turn", progress) as lock:
        pulumi = _Pulumi(project, env, log, lock)
        _clear_interrupted(pulumi, progress)
        return summary(pulumi.run(progress, "up", "--yes", "--skip-preview", *PLAIN))


def summary(printed: str) -> str:
    """The counts of the last "Resources:" block that Pulumi printed."""
    block = re.search(r"Resources:\n((?:\s+.*\n)+)", printed)
    return ", ".join(re.findall(r"\d+ [a-z]+", block[1])) if block else "done"


@contextmanager
def exclusive_lock(file: Path, progress: Progress) -> Iterator[IO[str]]:
    """The file that every pulumi process here locks. One whose parent was killed finishes and records what it creates;
    this waits for it, because no other process may write the state meanwhile."""
    deadline = time.monotonic() + LOCK_SECONDS
    with file.open("w") as lock:
        while not _free(lock):
            if time.monotonic() > deadline:
                raise StepFailed(f"another pulumi process still updates this stack after {LOCK_SECONDS} s")
            progress("waiting for an earlier run to finish")
            time.sleep(0.2)
        yield lock


def _free(lock: IO[str]) -> bool:
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    fcntl.lockf(lock, fcntl.LOCK_UN)
    return True


@dataclass(frozen=True)
class _Pulumi:
    project: Path
    env: Mapping[str, str]
    log: Path
    lock: IO[str]

    def run(self, progress: Progress, *argv: str) -> str:
        program = tools.path("pulumi")
        return run([program, *argv, "--color=never"], self.env, self.log, progress, self.project, self.lock)


def _clear_interrupted(pulumi: _Pulumi, progress: Progress) -> None:
    """Cancels the lock of a killed run and refreshes creations that it left pending."""
    progress("checking for an interrupted run")
    pulumi.run(progress, "cancel", "--yes", STACK)
    state = json.loads(pulumi.run(lambda _: None, "stack", "export", *PLAIN))
    if state["deployment"].get("pending_operations"):
        progress("refreshing after an interrupted run")
        pulumi.run(progress, "refresh", "--yes", "--skip-preview", "--clear-pending-creates", *PLAIN)
