"""Brings the Pulumi stack `local` to what infra/ declares, also after a run that was cut off."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from cli.steps import Say
from cli.subprocesses import run
from local import plugins
from local.site import CHECKOUT, Site
from local.toolchain import tools

STACK = "local"


def up(site: Site, env: Mapping[str, str], log: Path, say: Say) -> str:
    """`pulumi up`; gives its summary, such as "61 unchanged"."""
    plugins.install(site)
    _clear_interrupted(env, log, say)
    printed = _pulumi(env, log, say, "up", "--yes", "--skip-preview")
    return summary(printed)


def summary(printed: str) -> str:
    """The counts of the last "Resources:" block that Pulumi printed."""
    block = re.search(r"Resources:\n((?:\s+.*\n)+)", printed)
    return ", ".join(re.findall(r"\d+ [a-z]+", block[1])) if block else "done"


def _clear_interrupted(env: Mapping[str, str], log: Path, say: Say) -> None:
    """Takes the lock of a run that died, and tells Pulumi which of the creations it had begun did happen."""
    say("looking for an interrupted run")
    _pulumi(env, log, say, "cancel", "--yes", STACK)
    state = json.loads(_pulumi(env, log, lambda _: None, "stack", "export"))
    if state["deployment"].get("pending_operations"):
        say("refreshing after an interrupted run")
        _pulumi(env, log, say, "refresh", "--yes", "--skip-preview", "--clear-pending-creates")


def _pulumi(env: Mapping[str, str], log: Path, say: Say, *argv: str) -> str:
    return run(
        [tools.path("pulumi"), *argv, "--non-interactive", "--color=never", "--stack", STACK]
        if argv[0] != "cancel"
        else [tools.path("pulumi"), *argv, "--color=never"],
        env,
        log,
        say,
        cwd=CHECKOUT,
    )
