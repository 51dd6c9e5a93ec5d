"""Carries a plan out: asks `decide` what comes next, records it, does it. It may be killed at any moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from typing import Protocol, TypeVar

from runbooks import decide
from runbooks.journal import Journal
from runbooks.model import Entry, Event, Observation, State, Step, answers_of, facts_of, refused, waiting
from runbooks.plans.actions import Runbook
from runbooks.ports import Action, Environment, Outrun, Refused, Situation, Unreachable
from runbooks.turn import Turns

POLL_S = 0.5
T = TypeVar("T")


class Outcome(Enum):
    COMPLETED = auto()
    PAUSED = auto()


class Person(Protocol):
    """Who carries it out."""

    name: str

    def show(self, entries: Sequence[Entry], observed: Mapping[str, Observation]) -> None:
        """At every change, and while waiting."""
        ...

    def ask(self, step: Step, question: str, phrase: str) -> str | None:
        """What they typed; None when nobody is there to answer."""
        ...


@dataclass
class Runner:
    runbook: Runbook
    journal: Journal
    turns: Turns
    environment: Environment
    person: Person
    _observed: dict[str, Observation] = field(default_factory=dict)

    def start(self) -> Outcome:
        """Raises InProgress when it is another's turn, and decide.PlanChanged when the journal is of another plan."""
        self.turns.take(self.environment.clock(), resume=False)
        return self._run()

    def resume(self, skip: Sequence[str] = (), catch_up: Callable[[], None] = lambda: None) -> Outcome:
        """Go on from the journal, without the steps of `skip`. `catch_up` adds to it what another machine has written,
        and is called once that one does no more.

        Raises as `start` and `catch_up`, Superseded, and Refused for a step that must not be skipped.
        """
        if self.journal.entries:
            decide.check(self.runbook.plan, self.journal.entries)
        for name in skip:
            if not any(step.name == name and step.skippable for step in self.runbook.plan.steps):
                raise Refused(f"{name} is no step of this plan that may be skipped")
        if self.journal.entries and self.journal.entries[-1].event is Event.COMPLETED:
            return Outcome.COMPLETED
        self.turns.take(self.environment.clock(), resume=True)
        try:
            catch_up()
            decide.check(self.runbook.plan, self.journal.entries)
        except Exception:
            self._hold(ended=True, paused=True)
            raise
        if self.journal.entries[-1].event is Event.COMPLETED:
            self.turns.hold(self.environment.clock(), ended=True)
            return Outcome.COMPLETED
        self._record(Event.RESUMED)
        for name in skip:
            self._record(Event.SKIPPED, name, "left out on request")
        return self._run()

    def _run(self) -> Outcome:
        while (outcome := self._next()) is None:
            self.person.show(self.journal.entries, self._observed)
        return outcome

    def _next(self) -> Outcome | None:
        plan, now = self.runbook.plan, self.environment.clock()
        match decide.decide(plan, self.journal.entries, self._observed, now):
            case decide.Begin():
                roles = {"giving": plan.giving, "taking": plan.taking}
                by = self.person.name
                self.journal.append(Entry(now, Event.STARTED, "", plan.name, by, roles, plan.hash))
            case decide.Look(steps):
                looks = [partial(self._look, self._action(step).observe) for step in steps]
                self._observed |= dict(zip([s.name for s in steps], self._all(looks), strict=True))
            case decide.Act(steps):
                self._act(steps)
            case decide.Record(step, observed):
                self._verify(step, observed)
            case decide.Ask(steps):
                return self._ask(steps)
            case decide.Wait():
                self._look_again()
            case decide.Pause(step, text):
                return self._pause(step, text)
            case decide.Paused():
                return Outcome.PAUSED
            case decide.Complete():
                self.turns.hold(now)
                self._record(Event.COMPLETED)
            case decide.Completed():
                self.turns.hold(now, ended=True)
                return Outcome.COMPLETED
        return None

    def _act(self, steps: Sequence[Step]) -> None:
        """The turn is confirmed first, so that a runner that was replaced does nothing more."""
        if not self._hold():
            self._look_again()
            return
        for step in steps:
            if not self._acted(step):
                self._record(Event.ACTED, step.name, self._observed[step.name].text)
        results = self._all([partial(self._do, self._action(step)) for step in steps])
        self._look_again()
        self._observed |= {step.name: one for step, one in zip(steps, results, strict=True) if one is not None}

    def _do(self, action: Action) -> Observation | None:
        try:
            action.act(self._situation())
        except Refused as error:
            return refused(str(error))
        except (Unreachable, Outrun):
            return None
        return None

    def _verify(self, step: Step, observed: Observation) -> None:
        verified = self._look(self._action(step).verify)
        if verified.state is not State.DONE:
            self._look_again()
            self._observed = {step.name: verified}
            return
        facts = {**observed.facts, **verified.facts}
        self._record(Event.DONE, step.name, verified.text or observed.text, facts)
        self._observed.pop(step.name)

    def _ask(self, steps: Sequence[Step]) -> Outcome | None:
        """Pauses when nobody answers any of them."""
        answers: list[str | None] = []
        for step in steps:
            observed = self._observed[step.name]
            self._record(Event.ASKED, step.name, observed.text, {"phrase": observed.phrase})
            answers.append(self.person.ask(step, observed.text, observed.phrase))
            if answers[-1] is not None:
                self._record(Event.ANSWERED, step.name, answers[-1])
        if not any(answers):
            return self._pause(steps[0], "nobody answered; resume when somebody can")
        self._observed.clear()
        return None

    def _pause(self, step: Step, text: str) -> Outcome:
        """Before anything was done, others may have the turn at once."""
        self._record(Event.PAUSED, step.name, text)
        touched = any(entry.event is Event.ACTED for entry in self.journal.entries)
        self._hold(ended=not touched, paused=True)
        return Outcome.PAUSED

    def _hold(self, ended: bool = False, paused: bool = False) -> bool:
        """Whether the witness confirmed that it is this runner's turn. Raises InProgress when it is not."""
        try:
            self.turns.hold(self.environment.clock(), ended, paused)
        except Unreachable:
            return False
        return True

    def _acted(self, step: Step) -> bool:
        """Since the last resume: one line is enough for a step that acts until it is done."""
        for entry in reversed(self.journal.entries):
            if entry.event is Event.RESUMED:
                return False
            if entry.event is Event.ACTED and entry.step == step.name:
                return True
        return False

    def _look(self, look: Callable[[Situation], Observation]) -> Observation:
        try:
            return look(self._situation())
        except Unreachable as error:
            return waiting(str(error))

    def _look_again(self) -> None:
        self.person.show(self.journal.entries, self._observed)
        self.environment.sleep(POLL_S)
        self._observed.clear()

    def _record(self, event: Event, step: str = "", text: str = "", facts: Mapping[str, object] | None = None) -> None:
        by = self.person.name if event in (Event.RESUMED, Event.ANSWERED, Event.SKIPPED) else ""
        self.journal.append(Entry(self.environment.clock(), event, step, text, by, dict(facts or {})))

    def _all(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        return self.environment.side_by_side(calls)  # pyright: ignore[reportReturnType]

    def _action(self, step: Step) -> Action:
        return self.runbook.actions[step.name]

    def _situation(self) -> Situation:
        environment, entries = self.environment, self.journal.entries
        return Situation(
            self.runbook.plan,
            self.journal.execution,
            environment.pair,
            environment.witness,
            environment.regions,
            facts_of(entries),
            answers_of(entries),
            environment.clock(),
        )
