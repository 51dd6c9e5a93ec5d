"""Brings the Pulumi stack `local` to what infra/ declares, also after a run that was cut off."""

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

from cli.progress.steps import Say, StepFailed
from cli.progress.subprocesses import run
from local import plugins
from local.site import CHECKOUT, Site
from local.toolchain import tools

STACK = "local"
PLAIN = ("--non-interactive", "--stack", STACK)
TURN_SECONDS = 600


def up(site: Site, env: Mapping[str, str], log: Path, say: Say) -> str:
    """`pulumi up`; gives its summary, such as "61 unchanged"."""
    plugins.install(site)
    with turn(site.home / "pulumi" / "turn", say) as lock:
        pulumi = _Pulumi(env, log, lock)
        _clear_interrupted(pulumi, say)
        return summary(pulumi.run(say, "up", "--yes", "--skip-preview", *PLAIN))


def summary(printed: str) -> str:
    """The counts of the last "Resources:" block that Pulumi printed."""
    block = re.search(r"Resources:\n((?:\s+.*\n)+)", printed)
    return ", ".join(re.findall(r"\d+ [a-z]+", block[1])) if block else "done"


@contextmanager
def turn(file: Path, say: Say) -> Iterator[IO[str]]:
    """The file that every pulumi here locks. One whose starter was killed finishes what it is creating and records it;
    this waits until it has, because nobody else may touch the state before."""
    deadline = time.monotonic() + TURN_SECONDS
    with file.open("w") as lock:
        while not _free(lock):
            if time.monotonic() > deadline:
                raise StepFailed(f"another pulumi still works on this stack after {TURN_SECONDS} s")
            say("waiting for an earlier run to finish what it began")
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
    env: Mapping[str, str]
    log: Path
    lock: IO[str]

    def run(self, say: Say, *argv: str) -> str:
        program = tools.path("pulumi")
        return run([program, *argv, "--color=never"], self.env, self.log, say, CHECKOUT, self.lock)


def _clear_interrupted(pulumi: _Pulumi, say: Say) -> None:
    """Takes the lock of a run that died, and tells Pulumi which of the creations it had begun did happen."""
    say("looking for an interrupted run")
    pulumi.run(say, "cancel", "--yes", STACK)
    state = json.loads(pulumi.run(lambda _: None, "stack", "export", *PLAIN))
    if state["deployment"].get("pending_operations"):
        say("refreshing after an interrupted run")
        pulumi.run(say, "refresh", "--yes", "--skip-preview", "--clear-pending-creates", *PLAIN)
