"""What comes next in an execution: a pure function of the plan, its journal and what the steps observe now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runbooks.model import Entry, Event, Observation, Plan, Retry, State, Step


class PlanChanged(ValueError):
    """The journal is of another plan than this one."""


@dataclass(frozen=True)
class Begin:
    """The journal is empty."""


@dataclass(frozen=True)
class Look:
    """These steps are to be observed; their observations are missing."""

    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Act:
    """Record that they act, then do. Side by side."""

    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Record:
    """A step is done: record what it saw."""

    step: Step
    observed: Observation


@dataclass(frozen=True)
class Ask:
    """Every question that is open in the group, so that all can be answered at once."""

    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Wait:
    """Nothing to do but to look again."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Pause:
    step: Step
    text: str


@dataclass(frozen=True)
class Paused:
    """Only an explicit resume goes on."""

    text: str


@dataclass(frozen=True)
class Complete:
    """Every step is done or skipped: record that."""


@dataclass(frozen=True)
class Completed:
    """The execution has ended."""


_COMING_UP = (Event.STARTED, Event.RESUMED, Event.DONE, Event.SKIPPED, Event.ANSWERED)

Next = Begin | Look | Act | Record | Ask | Wait | Pause | Paused | Complete | Completed


def decide(plan: Plan, journal: Sequence[Entry], observed: Mapping[str, Observation], now: float) -> Next:
    """`observed` has the steps of the current group, by name; `now` in Unix seconds. Raises PlanChanged."""
    if not journal:
        return Begin()
    check(plan, journal)
    if journal[-1].event is Event.COMPLETED:
        return Completed()
    if (paused := _paused(journal)) is not None:
        return Paused(paused.text)
    open_ = next((steps for group in plan.groups if (steps := _open(group, journal))), ())
    if not open_:
        return Complete()
    if missing := tuple(step for step in open_ if step.name not in observed):
        return Look(missing)
    return _of_group(open_, journal, observed, now)


def check(plan: Plan, journal: Sequence[Entry]) -> None:
    """Raises PlanChanged unless the journal begins with this plan."""
    if journal[0].event is not Event.STARTED or journal[0].plan_hash != plan.hash:
        raise PlanChanged(
            f"the execution began with plan {journal[0].plan_hash[:12] or 'none'}, and this one is {plan.hash[:12]}."
            " Nothing was done now. Resume it with the version of `aura` that began it, or start a new execution."
        )


def begun(step: str, journal: Sequence[Entry]) -> float | None:
    """When the step came up since the start or the last resume, in Unix seconds: its deadline counts from there.

    That is when it first acted, else when the step before it was done or a person answered.
    """
    resumed = max((entry.at for entry in journal if entry.event is Event.RESUMED), default=0.0)
    acted = [entry.at for entry in journal if entry.step == step and entry.event is Event.ACTED and entry.at >= resumed]
    return min(acted, default=None) or max((entry.at for entry in journal if entry.event in _COMING_UP), default=None)


def _of_group(open_: Sequence[Step], journal: Sequence[Entry], observed: Mapping[str, Observation], now: float) -> Next:
    for step in open_:
        if observed[step.name].state is State.DONE:
            return Record(step, observed[step.name])
    for step in open_:
        if observed[step.name].state is State.REFUSED:
            return Pause(step, observed[step.name].text)
    if asking := tuple(step for step in open_ if observed[step.name].state is State.ASKING):
        return Ask(asking)
    for step in open_:
        since = begun(step.name, journal)
        if since is not None and now - since > step.deadline_s:
            return Pause(step, f"not done within {step.deadline_s:.0f} s: {observed[step.name].text}")
    acting = tuple(step for step in open_ if observed[step.name].state is State.DUE and _may_act(step, journal))
    return Act(acting) if acting else Wait(tuple(observed[step.name].text for step in open_))


def _may_act(step: Step, journal: Sequence[Entry]) -> bool:
    if step.retry is Retry.REPEAT:
        return True
    for entry in reversed(journal):
        if entry.event is Event.RESUMED:
            return True
        if entry.event is Event.ACTED and entry.step == step.name:
            return False
    return True


def _open(group: Sequence[Step], journal: Sequence[Entry]) -> tuple[Step, ...]:
    closed = {entry.step for entry in journal if entry.event in (Event.DONE, Event.SKIPPED)}
    return tuple(step for step in group if step.name not in closed)


def _paused(journal: Sequence[Entry]) -> Entry | None:
    for entry in reversed(journal):
        if entry.event is Event.RESUMED:
            return None
        if entry.event is Event.PAUSED:
            return entry
    return None
