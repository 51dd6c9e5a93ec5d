"""The figures of an execution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from runbooks.model import Entry, Event, Plan


@dataclass(frozen=True)
class Line:
    """Of the timeline; `seconds` since the execution started."""

    seconds: float
    title: str
    what: str
    text: str


@dataclass(frozen=True)
class Figures:
    started: float
    """Unix seconds."""
    completed: bool
    recovery_s: float | None
    """Actual recovery time: until the last step that people wait for; None while that is not done."""
    total_s: float
    asked_s: float
    """Of which somebody was thinking."""
    accepted: str
    """The loss that was accepted; "" when none was."""
    lines: tuple[Line, ...]
    skipped: tuple[str, ...]


def figures(plan: Plan, journal: Sequence[Entry]) -> Figures:
    """Raises ValueError of an empty journal."""
    if not journal:
        raise ValueError("the journal is empty")
    started = journal[0].at
    waited = [step for step in plan.steps if not step.post_recovery]
    ended = {entry.step: entry.at for entry in journal if entry.event in (Event.DONE, Event.SKIPPED)}
    served = all(step.name in ended for step in waited)
    recovery = max((ended[step.name] for step in waited), default=started) - started if served else None
    accepted = [entry.text for entry in journal if entry.event is Event.ANSWERED and entry.step == "accept-loss"]
    return Figures(
        started,
        journal[-1].event is Event.COMPLETED,
        recovery,
        journal[-1].at - started,
        _asked(journal),
        accepted[-1] if accepted else "",
        tuple(_line(plan, entry, started) for entry in journal),
        tuple(entry.step for entry in journal if entry.event is Event.SKIPPED),
    )


def _asked(journal: Sequence[Entry]) -> float:
    """Seconds between each question and what came after it."""
    return sum(after.at - before.at for before, after in pairwise(journal) if before.event is Event.ASKED)


def _line(plan: Plan, entry: Entry, started: float) -> Line:
    titles = {step.name: step.title for step in plan.steps}
    facts = ", ".join(f"{name} {value}" for name, value in entry.facts.items() if name not in ("loss", "settings"))
    text = "; ".join(part for part in (entry.text, facts, f"by {entry.by}" if entry.by else "") if part)
    return Line(entry.at - started, titles.get(entry.step, ""), entry.event.value, text)
