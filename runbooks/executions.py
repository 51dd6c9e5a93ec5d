"""Executions as the command line has them: begun, resumed, looked at. One folder has their journals and reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec

from runbooks import journal as journals
from runbooks.journal import Copy
from runbooks.model import Entry, Plan
from runbooks.plans.actions import Runbook
from runbooks.ports import Environment, Refused, Unreachable
from runbooks.report import html, markdown
from runbooks.runner import Outcome, Person, Runner
from runbooks.turn import Turns

_decode_plan = msgspec.json.Decoder(Plan).decode


class Unknown(LookupError):
    """There is no such execution here."""


@dataclass(frozen=True)
class Executions:
    folder: Path
    environment: Environment
    person: Person
    runner: str
    """Unique to this process."""
    copies: Sequence[Copy] = ()

    def start(self, book: Runbook) -> tuple[str, Outcome]:
        """A new one, named after the plan and the moment. Raises as Runner.start."""
        at = datetime.fromtimestamp(self.environment.clock(), UTC).strftime("%Y%m%d-%H%M%S")
        execution = f"{book.plan.name}-{at}"
        return execution, self._run(book, execution, lambda runner: runner.start())

    def resume(self, book: Runbook, execution: str, skip: Sequence[str]) -> Outcome:
        """Raises Unknown, and as Runner.resume."""
        self.entries(execution)
        return self._run(book, execution, lambda runner: runner.resume(skip))

    def entries(self, execution: str) -> list[Entry]:
        """Raises Unknown."""
        return read_journal(self.folder, execution)

    def report(self, book: Runbook, execution: str) -> tuple[Path, Path]:
        """Writes both forms beside the journal."""
        entries = self.entries(execution)
        written: list[Path] = []
        for suffix, render in ((".md", markdown), (".html", html)):
            file = self._file(execution).with_suffix(suffix)
            file.write_text(render(book.plan, execution, entries))
            written.append(file)
        return written[0], written[1]

    def _run(self, book: Runbook, execution: str, go: Callable[[Runner], Outcome]) -> Outcome:
        self.folder.mkdir(parents=True, exist_ok=True)
        _plan_file(self.folder, execution).write_bytes(msgspec.json.encode(book.plan))
        with journals.opened(self._file(execution), self.copies) as journal:
            turns = Turns(self.environment.witness, book.plan.name, execution, self.person.name, self.runner)
            return go(Runner(book, journal, turns, self.environment, self.person))

    def _file(self, execution: str) -> Path:
        return self.folder / f"{execution}.jsonl"


class KeptCopy(Protocol):
    """A copy of a journal that can be read again."""

    def put(self, key: str, line: bytes) -> None: ...

    def lines(self, prefix: str) -> list[bytes]:
        """Raises Unreachable and Refused."""
        ...


def fetch_journal(folder: Path, execution: str, copies: Sequence[KeptCopy]) -> None:
    """A journal of another machine, from the copy that has most of it; nothing when this one has it, or no copy does.

    Lines that no copy has are lost: what they say was done is observed again.
    """
    file = folder / f"{execution}.jsonl"
    if file.exists():
        return
    found: list[bytes] = []
    for copy in copies:
        try:
            found = max(found, copy.lines(f"{journals.PREFIX}{execution}/"), key=len)
        except (Unreachable, Refused):
            continue
    if found:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".fetched")
        unfinished.write_bytes(b"".join(found))
        unfinished.replace(file)


def read_plan(folder: Path, execution: str) -> Plan:
    """Of an execution that this machine carries or carried out. Raises Unknown."""
    try:
        return _decode_plan(_plan_file(folder, execution).read_bytes())
    except (FileNotFoundError, msgspec.MsgspecError):
        raise Unknown(f"{folder} has no plan of {execution}") from None


def _plan_file(folder: Path, execution: str) -> Path:
    return folder / f"{execution}.plan.json"


def read_journal(folder: Path, execution: str) -> list[Entry]:
    """Its whole lines, also while it is carried out. Raises Unknown and JournalUnreadable."""
    try:
        text = (folder / f"{execution}.jsonl").read_bytes()
    except FileNotFoundError:
        raise Unknown(
            f"{folder} has no journal of {execution}, and no backup bucket that answers has a copy under"
            f" {journals.PREFIX}{execution}/"
        ) from None
    return journals.read(text[: text.rfind(b"\n") + 1])
