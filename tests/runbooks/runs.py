"""Runs plans on the model, with a journal on disk and a runner that can be killed after any line of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from runbooks import journal as journals
from runbooks.model import Entry, Observation, Step
from runbooks.plans.actions import Runbook
from runbooks.runner import Outcome, Runner
from runbooks.turn import Turns
from tests.runbooks.apis import environment
from tests.runbooks.model import EAST, WEST, Model

LIMIT_S = 3600


class Killed(BaseException):
    """The runner ends here, as by SIGKILL: no handler of ours runs."""


@dataclass
class Typist:
    """Types what is asked for, or nothing."""

    model: Model
    name: str = "ada@laptop"
    answers: bool = True
    roles: tuple[str, str] = (WEST, EAST)
    """Giving and taking."""
    asked: list[str] = field(default_factory=list)

    def show(self, entries: Sequence[Entry], observed: Mapping[str, Observation]) -> None:
        """Not shown."""

    def ask(self, step: Step, question: str, phrase: str) -> str | None:
        self.asked.append(question)
        if not self.answers:
            return None
        if step.name == "accept-loss":
            self.model.accept(*self.roles)
        return phrase


@contextmanager
def runner(model: Model, runbook: Runbook, file: Path, person: Typist, kill_after: int = 0, name: str = "one"):
    """A runner that ends right after the `kill_after`th line of its journal; 0: never."""
    with journals.opened(file) as opened:
        original = opened.append

        def append(entry: Entry) -> None:
            original(entry)
            if kill_after and len(opened.entries) >= kill_after:
                raise Killed

        opened.append = append  # pyright: ignore[reportAttributeAccessIssue]
        turns = Turns(_witness(model), runbook.plan.name, file.stem, person.name, name)
        yield Runner(runbook, opened, turns, environment(model), person)


def _witness(model: Model):
    return environment(model).witness


def completed(model: Model, runbook: Runbook, file: Path, person: Typist | None = None) -> list[Entry]:
    with runner(model, runbook, file, person or Typist(model)) as one:
        assert one.start() is Outcome.COMPLETED, one.journal.entries[-1]
        return one.journal.entries


def interrupted(model: Model, make: Callable[[], Runbook], file: Path, after: int, pause_s: float = 0) -> list[Entry]:
    """Killed after that line, left for a while, and resumed by an explicit command."""
    try:
        with runner(model, make(), file, Typist(model), after, "killed") as one:
            one.start()
    except Killed:
        pass
    if pause_s:
        model.sleep(pause_s)
    with runner(model, make(), file, Typist(model), name="second") as one:
        assert one.resume() is Outcome.COMPLETED, one.journal.entries[-1]
        return one.journal.entries


def lines(file: Path) -> list[Entry]:
    return journals.read(file.read_bytes())
