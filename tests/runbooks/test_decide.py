"""What comes next: deadlines, retries, skipped steps, changed plans."""

from __future__ import annotations

import pytest

from runbooks.decide import Act, Ask, Begin, Complete, Completed, Look, Pause, Paused, PlanChanged, Record, Wait, decide
from runbooks.model import Entry, Event, Mode, Plan, Retry, Step, ask, done, due, refused, unanswered, waiting

ONE = Step("one", "one", 10, Retry.ONCE)
TWO = Step("two", "two", 10)
LAST = Step("last", "last", 10)
PLAN = Plan("p", Mode.GRACEFUL, "west", "east", ((ONE, TWO), (LAST,)))
STARTED = Entry(100, Event.STARTED, plan_hash=PLAN.hash)


def entry(event: Event, step: str = "", at: float = 100) -> Entry:
    return Entry(at, event, step)


def test_an_empty_journal_begins_and_a_group_is_looked_at_together() -> None:
    assert decide(PLAN, [], {}, 100) == Begin()
    assert decide(PLAN, [STARTED], {}, 100) == Look((ONE, TWO))
    assert decide(PLAN, [STARTED], {"one": due("x")}, 100) == Look((TWO,))


def test_steps_of_a_group_act_side_by_side_and_the_next_group_waits_for_all() -> None:
    assert decide(PLAN, [STARTED], {"one": due("x"), "two": due("y")}, 101) == Act((ONE, TWO))
    one = entry(Event.DONE, "one")
    assert decide(PLAN, [STARTED, one], {"two": waiting("y")}, 101) == Wait(("y",))
    assert decide(PLAN, [STARTED, one, entry(Event.SKIPPED, "two")], {}, 101) == Look((LAST,))


def test_a_step_that_acts_once_does_so_again_only_after_a_resume() -> None:
    acted = [STARTED, entry(Event.ACTED, "one"), entry(Event.DONE, "two")]
    assert decide(PLAN, acted, {"one": due("x")}, 101) == Wait(("x",))
    assert decide(PLAN, [*acted, entry(Event.RESUMED)], {"one": due("x")}, 101) == Act((ONE,))


def test_a_refusal_pauses_at_once_and_a_deadline_later_and_only_a_resume_goes_on() -> None:
    assert decide(PLAN, [STARTED], {"one": due("x"), "two": refused("no")}, 101) == Pause(TWO, "no")
    late = decide(PLAN, [STARTED], {"one": waiting("x"), "two": waiting("y")}, 110.5)
    assert late == Pause(ONE, "not done within 10 s: x")
    paused = [STARTED, Entry(111, Event.PAUSED, "one", "why")]
    assert decide(PLAN, paused, {}, 500) == Paused("why")
    resumed = [*paused, entry(Event.RESUMED, at=500)]
    assert decide(PLAN, resumed, {"one": waiting("x"), "two": waiting("y")}, 505) == Wait(("x", "y"))


def test_a_question_is_asked_before_anybody_acts_and_a_done_step_is_recorded_first() -> None:
    question = ask("lose it?", "lose it")
    assert decide(PLAN, [STARTED], {"one": due("x"), "two": question}, 101) == Ask((TWO,))
    assert decide(PLAN, [STARTED], {"one": done("x"), "two": question}, 101) == Record(ONE, done("x"))


def test_every_open_question_of_a_group_is_asked_before_it_waits_for_an_answer() -> None:
    assert decide(PLAN, [STARTED], {"one": ask("1?", "a"), "two": ask("2?", "b")}, 101) == Ask((ONE, TWO))


def test_a_question_is_open_until_it_was_answered_or_its_step_ended() -> None:
    def asked(step: str, phrase: str) -> Entry:
        return Entry(101, Event.ASKED, step, "?", "", {"phrase": phrase})

    both = [STARTED, asked("one", "a"), asked("two", "b"), Entry(102, Event.PAUSED, "one", "nobody answered")]
    assert unanswered(both) == ["a", "b"]
    assert unanswered([*both, Entry(103, Event.ANSWERED, "one", "a")]) == ["b"]
    assert unanswered([*both, entry(Event.SKIPPED, "one"), entry(Event.DONE, "two")]) == []
    assert unanswered([*both, asked("two", "c")]) == ["a", "c"]


def test_it_completes_once() -> None:
    closed = [STARTED, *(entry(Event.DONE, step.name) for step in PLAN.steps)]
    assert decide(PLAN, closed, {}, 101) == Complete()
    assert decide(PLAN, [*closed, entry(Event.COMPLETED)], {}, 101) == Completed()


def test_another_plan_refuses_the_journal() -> None:
    other = Plan("p", Mode.GRACEFUL, "west", "east", ((ONE, TWO), (Step("last", "last", 11),)))
    with pytest.raises(PlanChanged, match="Nothing was done now"):
        decide(other, [STARTED], {}, 100)
