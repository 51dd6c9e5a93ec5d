"""How far a runbook is, as the page shows it, from journals that plans leave on the model of two regions."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from local.observe.execution import ABANDONED_S, LATELY_S, latest, progress
from runbooks.executions import Executions
from runbooks.journal import read
from runbooks.model import Event
from runbooks.plans.failover import failover
from runbooks.runner import Outcome
from tests.runbooks.apis import environment
from tests.runbooks.model import EAST, WEST, Model
from tests.runbooks.runs import Typist


def lost() -> Model:
    """The west serves no more."""
    model = Model()
    model.regions[WEST].alive = False
    model.forbidden = WEST
    return model


def carried_out(folder: Path, person: Typist, model: Model) -> tuple[str, Outcome]:
    found = environment(model)
    return Executions(folder, found, person, "one").start(failover(found.pair, WEST))


def test_a_completed_plan_has_each_step_with_its_seconds_and_the_recovery_time(tmp_path: Path) -> None:
    model = lost()
    name, outcome = carried_out(tmp_path, Typist(model), model)
    assert outcome is Outcome.COMPLETED
    shown = latest(tmp_path, model.now)
    assert shown is not None
    assert (shown.name, shown.plan, shown.giving, shown.taking) == (name, "failover", WEST, EAST)
    assert shown.state == "execution completed"
    assert {step.state for step in shown.steps} == {"done"}
    seconds = [step.seconds for step in shown.steps if step.seconds is not None]
    assert len(seconds) == len(shown.steps)
    assert shown.recovery_s == max(seconds)


def test_a_question_is_shown_with_the_steps_that_are_done_and_those_that_are_looked_at(tmp_path: Path) -> None:
    model = lost()
    _, outcome = carried_out(tmp_path, Typist(model, answers=False), model)
    assert outcome is Outcome.PAUSED
    shown = latest(tmp_path, model.now)
    assert shown is not None
    assert (shown.state, shown.recovery_s) == ("pausedByFailedStep", None)
    assert "would begin without, at most:" in shown.text
    assert "To be typed exactly: lose " in shown.text
    states = {step.title: step.state for step in shown.steps}
    assert states["measure what would be lost, and accept it"] == "paused"
    assert states["prove that the region is lost"] == "done"
    assert states["wait until the gateway serves"] == ""


def test_after_every_line_the_page_has_something_to_show(tmp_path: Path) -> None:
    model = lost()
    name, _ = carried_out(tmp_path, Typist(model), model)
    plan = failover(environment(model).pair, WEST).plan
    entries = read((tmp_path / f"{name}.jsonl").read_bytes())
    for count in range(1, len(entries) + 1):
        shown = progress(plan, name, entries[:count], entries[count - 1].at + 1)
        done = sum(entry.event in (Event.DONE, Event.SKIPPED) for entry in entries[:count])
        assert sum(step.seconds is not None for step in shown.steps) == done
        assert msgspec.json.encode(shown)
        if shown.state == "under way":
            assert any(step.state in ("acts", "looks") for step in shown.steps) or done == len(plan.steps)


def test_a_plan_that_has_long_ended_is_no_longer_shown(tmp_path: Path) -> None:
    model = lost()
    carried_out(tmp_path, Typist(model), model)
    assert latest(tmp_path, model.now + LATELY_S + 60) is None


def test_a_question_that_nobody_answers_is_shown_for_longer_and_not_for_ever(tmp_path: Path) -> None:
    model = lost()
    carried_out(tmp_path, Typist(model, answers=False), model)
    assert latest(tmp_path, model.now + ABANDONED_S - 60) is not None
    assert latest(tmp_path, model.now + ABANDONED_S + 60) is None


def test_without_a_journal_or_with_one_that_cannot_be_read_there_is_nothing(tmp_path: Path) -> None:
    assert latest(tmp_path / "missing", 0.0) is None
    model = lost()
    carried_out(tmp_path, Typist(model), model)
    broken = tmp_path / "z.jsonl"
    broken.write_text("{}\n")
    os.utime(broken, (2e9, 2e9))
    assert latest(tmp_path, model.now) is None
