"""What a plan is: steps in order, and what is recorded of an execution. In the words of AWS ARC Region switch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

import msgspec

Fact = str | int | float | bool | None
Facts = Mapping[str, Fact]
"""What a step saw, by name: the evidence of the report, and what later steps rely on."""


class Mode(StrEnum):
    """graceful: both regions work, and nothing is lost. ungraceful: one is lost."""

    GRACEFUL = "graceful"
    UNGRACEFUL = "ungraceful"


class Retry(StrEnum):
    """What is done while a step is due again after it has acted."""

    REPEAT = "repeat"
    """Acting twice is acting once: it acts again until its deadline."""
    ONCE = "once"
    """It has acted; whether that succeeds is only watched. After a resume it may act once more."""


@dataclass(frozen=True)
class Step:
    name: str
    """Unique in its plan, as in `promote-database/auth`."""
    title: str
    deadline_s: float
    """From its first attempt, or the resume; afterwards the execution is pausedByFailedStep."""
    retry: Retry = Retry.REPEAT
    skippable: bool = False
    """Whether a person may leave it out. What holds "one writer, nothing lost unseen" together cannot be."""
    post_recovery: bool = False
    """Whether people are served before it is done: it does not count for the actual recovery time."""


@dataclass(frozen=True)
class Plan:
    """`groups` are done one after the other, the steps of a group side by side."""

    name: str
    mode: Mode
    giving: str
    """The region that serves, or did."""
    taking: str
    groups: tuple[tuple[Step, ...], ...]
    rto_s: float = 60.0
    """The goal; 3600 is the promise."""

    @property
    def steps(self) -> list[Step]:
        return [step for group in self.groups for step in group]

    @property
    def hash(self) -> str:
        """SHA-256 over everything in it: an execution is resumed by exactly the plan that it began with."""
        return sha256(msgspec.json.encode(self)).hexdigest()

    def step(self, name: str) -> Step:
        """Raises KeyError."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)


class Event(StrEnum):
    STARTED = "execution started"
    ACTED = "step acts"
    """Written before it does."""
    ASKED = "approval asked"
    ANSWERED = "approval given"
    DONE = "step done"
    SKIPPED = "step skipped"
    PAUSED = "pausedByFailedStep"
    RESUMED = "execution resumed"
    COMPLETED = "execution completed"


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the journal."""

    at: float
    """Unix seconds of the runner."""
    event: Event
    step: str = ""
    text: str = ""
    """For people: why it paused, what was asked, what was answered."""
    by: str = ""
    facts: dict[str, Any] = {}
    plan_hash: str = ""
    """Of STARTED alone."""


class State(StrEnum):
    """What a step's observation says about it."""

    DONE = "done"
    DUE = "due"
    """It is to act."""
    WAITING = "waiting"
    """It gets there by itself; look again."""
    ASKING = "asking"
    """A person must type `phrase` first."""
    REFUSED = "refused"
    """It must not act; waiting will not change that."""


@dataclass(frozen=True)
class Observation:
    state: State
    text: str = ""
    facts: Facts = field(default_factory=dict)
    phrase: str = ""
    """With ASKING: what is to be typed, exactly."""


def done(text: str = "", **facts: Fact) -> Observation:
    return Observation(State.DONE, text, facts)


def due(text: str) -> Observation:
    return Observation(State.DUE, text)


def waiting(text: str) -> Observation:
    return Observation(State.WAITING, text)


def refused(text: str) -> Observation:
    return Observation(State.REFUSED, text)


def ask(question: str, phrase: str) -> Observation:
    return Observation(State.ASKING, question, phrase=phrase)


def facts_of(entries: Iterable[Entry]) -> dict[str, dict[str, Any]]:
    """What each step that is done saw, by its name."""
    return {entry.step: entry.facts for entry in entries if entry.event is Event.DONE}


def unanswered(entries: Iterable[Entry]) -> list[str]:
    """What has to be typed for the questions that are open."""
    open_: dict[str, str] = {}
    for entry in entries:
        if entry.event is Event.ASKED:
            open_[entry.step] = str(entry.facts["phrase"])
        elif entry.event in (Event.ANSWERED, Event.DONE, Event.SKIPPED):
            open_.pop(entry.step, None)
    return list(open_.values())


def answers_of(entries: Iterable[Entry]) -> dict[str, str]:
    """The last answer to each step's question."""
    return {entry.step: entry.text for entry in entries if entry.event is Event.ANSWERED}
