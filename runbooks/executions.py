"""Executions as the command line has them: begun, resumed, looked at. One folder has their journals and reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import msgspec

from runbooks import decide
from runbooks import journal as journals
from runbooks.journal import Copy, Journal, JournalUnreadable
from runbooks.model import Entry, Event, Plan
from runbooks.plans.actions import Runbook
from runbooks.ports import Environment, Refused, Unreachable
from runbooks.report import html, markdown
from runbooks.runner import Outcome, Person, Runner
from runbooks.turn import Turns

_decode_plan = msgspec.json.Decoder(Plan).decode


class Unknown(LookupError):
    """There is no such execution here."""


class KeptCopy(Protocol):
    """A copy of journals that can be read again."""

    def put(self, key: str, line: bytes) -> None: ...

    def lines(self, execution: str) -> Mapping[int, bytes]:
        """By number. Raises Unreachable and Refused."""
        ...


@dataclass(frozen=True)
class Executions:
    """Of one folder of this machine, and of `copies` what others have begun; `followers` are told of each line, too."""

    folder: Path
    environment: Environment
    person: Person
    runner: str
    """Unique to this process."""
    copies: Sequence[KeptCopy] = ()
    followers: Sequence[Copy] = ()

    def start(self, book: Runbook) -> tuple[str, Outcome]:
        """A new one, named after the plan and the moment. Raises as Runner.start."""
        at = datetime.fromtimestamp(self.environment.clock(), UTC).strftime("%Y%m%d-%H%M%S")
        execution = f"{book.plan.name}-{at}"
        return execution, self._run(book, execution, lambda runner, _: runner.start())

    def resume(self, book: Runbook, execution: str, skip: Sequence[str]) -> Outcome:
        """Raises Unknown, JournalsDiffer, and as Runner.resume."""
        decide.check(book.plan, find_journal(self.folder, execution, self.copies))

        def go(runner: Runner, journal: Journal) -> Outcome:
            return runner.resume(skip, lambda: journal.catch_up(_copied(execution, self.copies)))

        return self._run(book, execution, go)

    def report(self, book: Runbook, execution: str) -> tuple[Path, Path]:
        """Writes both forms beside the journal."""
        entries = read_journal(self.folder, execution)
        written: list[Path] = []
        for suffix, render in ((".md", markdown), (".html", html)):
            file = self._file(execution).with_suffix(suffix)
            file.write_text(render(book.plan, execution, entries))
            written.append(file)
        return written[0], written[1]

    def _run(self, book: Runbook, execution: str, go: Callable[[Runner, Journal], Outcome]) -> Outcome:
        followers = [*(copy.put for copy in self.copies), *self.followers]
        with journals.opened(self._file(execution), followers) as journal:
            _write_plan(self.folder, execution, book.plan)
            turns = Turns(self.environment.witness, book.plan.name, execution, self.person.name, self.runner)
            return go(Runner(book, journal, turns, self.environment, self.person), journal)

    def _file(self, execution: str) -> Path:
        return self.folder / f"{execution}.jsonl"


def find_journal(folder: Path, execution: str, copies: Sequence[KeptCopy]) -> list[Entry]:
    """The entries that this machine has, else those of the copies; nothing is written. Raises Unknown, and as the
    journal."""
    try:
        entries = read_journal(folder, execution)
    except Unknown:
        entries = []
    entries = entries or journals.read(b"".join(_copied(execution, copies)))
    if not entries:
        raise Unknown(
            f"{folder} has no journal of {execution}, and no backup bucket that answers has a copy under"
            f" {journals.prefix(execution)}"
        )
    if entries[0].event is not Event.STARTED:
        raise JournalUnreadable(f"line 1 of the journal of {execution} is not its start")
    return entries


def _copied(execution: str, copies: Sequence[KeptCopy]) -> list[bytes]:
    """What the copies have that answer."""
    found: list[Mapping[int, bytes]] = []
    for copy in copies:
        try:
            found.append(copy.lines(execution))
        except (Unreachable, Refused):
            continue
    return journals.merged(found)


def _write_plan(folder: Path, execution: str, plan: Plan) -> None:
    """Whole: the live page reads it at any moment."""
    file = _plan_file(folder, execution)
    unfinished = file.with_suffix(".new")
    unfinished.write_bytes(msgspec.json.encode(plan))
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
        raise Unknown(f"{folder} has no journal of {execution}") from None
    return journals.read(text[: text.rfind(b"\n") + 1])
