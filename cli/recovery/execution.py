"""One execution as the command line carries it out: begun or resumed, shown while it runs, its report written."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.recovery.person import Terminal
from cli.recovery.platform import Target
from runbooks.environment import copies
from runbooks.executions import Executions, read_journal
from runbooks.model import Entry
from runbooks.plans.actions import Runbook
from runbooks.ports import Environment
from runbooks.runner import Outcome


@dataclass(frozen=True)
class Execution:
    name: str
    outcome: Outcome
    entries: list[Entry]
    written: tuple[Path, Path]
    """Its report, as Markdown and as HTML."""


def execute(
    target: Target,
    environment: Environment,
    book: Runbook,
    terminal: Terminal,
    resume: str | None = None,
    skip: Sequence[str] = (),
) -> Execution:
    """Raises as Executions.start and Executions.resume."""
    runner = f"{terminal.name}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    kept, followers = copies(target.access, environment.pair), [one.put for one in target.announcements()]
    executions = Executions(target.folder, environment, terminal, runner, kept, followers)
    try:
        name, outcome = (resume, executions.resume(book, resume, skip)) if resume else executions.start(book)
    finally:
        terminal.end()
    return Execution(name, outcome, read_journal(target.folder, name), executions.report(book, name))
