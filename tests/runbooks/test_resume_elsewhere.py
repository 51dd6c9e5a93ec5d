"""An execution goes on on another machine: from the copies of its journal, and never from what is no longer so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.executions import Executions, Unknown, find_journal, read_journal
from runbooks.journal import JournalsDiffer, JournalUnreadable, merged, prefix
from runbooks.model import Event
from runbooks.plans.failback import failback
from runbooks.plans.failover import failover
from runbooks.ports import Unreachable
from runbooks.runner import Outcome
from runbooks.turn import Superseded, current
from tests.runbooks.apis import environment
from tests.runbooks.model import EAST, PAIR, WEST, Model
from tests.runbooks.runs import Typist


@dataclass
class Bucket:
    """Keeps what was put first, as S3 does with a condition."""

    kept: dict[str, bytes] = field(default_factory=dict)
    answers: bool = True

    def put(self, key: str, line: bytes) -> None:
        if not self.answers or self.kept.setdefault(key, line) != line:
            raise OSError

    def lines(self, execution: str) -> Mapping[int, bytes]:
        if not self.answers:
            raise Unreachable("the bucket does not answer")
        found = {key: line for key, line in self.kept.items() if key.startswith(prefix(execution))}
        return {int(key[-11:-5]): line for key, line in found.items()}


@pytest.fixture
def model() -> Model:
    """The west is lost."""
    model = Model()
    model.regions[WEST].alive = False
    model.forbidden = WEST
    return model


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Folders of two."""
    yield tmp_path / "laptop", tmp_path / "runner"


def executions(folder: Path, model: Model, person: Typist, *copies: Bucket) -> Executions:
    return Executions(folder, environment(model), person, f"{folder.name}-1", copies)


def test_a_question_is_answered_on_another_machine(model: Model, machines: tuple[Path, Path]) -> None:
    (laptop, runner), bucket, lost = machines, Bucket(), Bucket(answers=False)
    name, outcome = executions(laptop, model, Typist(model, answers=False), lost, bucket).start(failover(PAIR, WEST))
    assert outcome is Outcome.PAUSED
    assert executions(runner, model, Typist(model), lost, bucket).resume(failover(PAIR, WEST), name, []) is (
        Outcome.COMPLETED
    )
    ours, theirs = read_journal(laptop, name), read_journal(runner, name)
    assert theirs[: len(ours)] == ours
    assert theirs[-1].event is Event.COMPLETED
    assert merged([bucket.lines(name)]) == (runner / f"{name}.jsonl").read_bytes().splitlines(keepends=True)


def test_a_paused_execution_is_the_last_one_until_it_is_resumed(model: Model, machines: tuple[Path, Path]) -> None:
    """What a deploy asks for."""
    name, _ = executions(machines[0], model, Typist(model, answers=False)).start(failover(PAIR, WEST))
    turn = current(environment(model).witness)
    assert turn is not None
    assert (turn.execution, turn.ended, turn.paused) == (name, True, True)


def test_the_first_machine_catches_up_before_it_goes_on(model: Model, machines: tuple[Path, Path]) -> None:
    (laptop, runner), bucket = machines, Bucket()
    name, _ = executions(laptop, model, Typist(model, answers=False), bucket).start(failover(PAIR, WEST))
    executions(runner, model, Typist(model), bucket).resume(failover(PAIR, WEST), name, [])
    again = Typist(model)
    assert executions(laptop, model, again, bucket).resume(failover(PAIR, WEST), name, []) is Outcome.COMPLETED
    assert again.asked == []
    assert (laptop / f"{name}.jsonl").read_bytes() == (runner / f"{name}.jsonl").read_bytes()


def test_an_execution_that_another_one_followed_is_not_resumed(model: Model, machines: tuple[Path, Path]) -> None:
    """Its journal says who was lost then; that region serves again."""
    (laptop, runner), bucket = machines, Bucket()
    name, _ = executions(laptop, model, Typist(model, answers=False), bucket).start(failover(PAIR, WEST))
    executions(runner, model, Typist(model), bucket).resume(failover(PAIR, WEST), name, [])
    model.forbidden, model.regions[WEST].alive = "", True
    model.sleep(20)
    back = Typist(model, roles=(EAST, WEST))
    assert executions(runner, model, back, bucket).start(failback(PAIR, EAST))[1] is Outcome.COMPLETED
    before = model.end_state()
    with pytest.raises(Superseded, match="is not the last execution"):
        executions(laptop, model, Typist(model)).resume(failover(PAIR, WEST), name, [])
    assert model.end_state() == before


def test_two_machines_that_went_on_from_one_line_are_refused(model: Model, machines: tuple[Path, Path]) -> None:
    (laptop, runner), bucket = machines, Bucket()
    name, _ = executions(laptop, model, Typist(model, answers=False), bucket).start(failover(PAIR, WEST))
    executions(runner, model, Typist(model, answers=False), bucket).resume(failover(PAIR, WEST), name, [])
    with (laptop / f"{name}.jsonl").open("ab") as journal:
        journal.write(b'{"at":1.0,"event":"execution resumed","by":"ada"}\n')
    with pytest.raises(JournalsDiffer, match="two machines went on"):
        executions(laptop, model, Typist(model), bucket).resume(failover(PAIR, WEST), name, [])
    turn = current(environment(model).witness)
    assert turn is not None and turn.ended, "others may go on"


def test_a_journal_without_its_start_is_unreadable_and_one_without_lines_unknown(tmp_path: Path) -> None:
    bucket = Bucket({f"{prefix('failover-1')}000001.json": b'{"at":1.0,"event":"step done"}\n'})
    with pytest.raises(JournalUnreadable, match="not its start"):
        find_journal(tmp_path, "failover-1", [bucket])
    with pytest.raises(Unknown, match="no backup bucket that answers"):
        find_journal(tmp_path, "failover-2", [bucket, Bucket(answers=False)])
    assert list(tmp_path.iterdir()) == [], "a look wrote something"


@given(st.lists(st.dictionaries(st.integers(1, 12), st.just(0), max_size=12), max_size=3))
def test_copies_together_are_what_no_gap_is_before(numbers: list[dict[int, int]]) -> None:
    copies = [{number: b"%d\n" % number for number in one} for one in numbers]
    had = set().union(*numbers)
    expected = next(number for number in range(1, 14) if number not in had) - 1
    assert merged(copies) == [b"%d\n" % number for number in range(1, expected + 1)]


def test_copies_that_disagree_are_refused() -> None:
    with pytest.raises(JournalsDiffer, match="line 2"):
        merged([{1: b"a", 2: b"b"}, {2: b"c"}])
