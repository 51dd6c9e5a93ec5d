"""How far a runbook is that this machine carries out, from its journal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from runbooks.executions import Unknown, read_journal, read_plan
from runbooks.model import Entry, Event, Plan
from runbooks.report.figures import figures

LATELY_S = 900.0
"""For so long an execution that has ended is shown."""
ABANDONED_S = 7200.0
"""For so long after its last line any other one is: twice as long as the step that waits longest."""
_STATES = {
    Event.ACTED: "acts",
    Event.ASKED: "asks",
    Event.ANSWERED: "looks",
    Event.DONE: "done",
    Event.SKIPPED: "skipped",
    Event.PAUSED: "paused",
}


class StepProgress(msgspec.Struct, frozen=True):
    """`seconds` after the start it was done or left out; None before. A step that nobody has looked at has no state."""

    title: str
    state: str
    text: str
    seconds: float | None


class ExecutionProgress(msgspec.Struct, frozen=True):
    name: str
    plan: str
    giving: str
    taking: str
    state: str
    """The last event of the execution itself, in the journal's words."""
    text: str
    """What is asked, or why it is paused."""
    elapsed_s: float
    recovery_s: float | None
    """Until people were served; None before."""
    rto_s: float
    steps: list[StepProgress]


def latest(folder: Path, now: float) -> ExecutionProgress | None:
    """Of the journal written last; None when there is none, it has ended, or nobody goes on with it. `now` in Unix
    seconds."""
    try:
        file = max(folder.glob("*.jsonl"), key=lambda file: file.stat().st_mtime)
        plan, entries = read_plan(folder, file.stem), read_journal(folder, file.stem)
        if not entries:
            return None
    except (ValueError, OSError, Unknown):  # none, or one that cannot be read, or is deleted at this moment
        return None
    shown_s = LATELY_S if entries[-1].event is Event.COMPLETED else ABANDONED_S
    return progress(plan, file.stem, entries, now) if now - entries[-1].at <= shown_s else None


def _question(entries: Sequence[Entry]) -> str:
    """What a step asked, if the execution stands there."""
    asked = [entry for entry in entries[-2:] if entry.event is Event.ASKED]
    return f"{asked[-1].text}\nTo be typed exactly: {asked[-1].facts.get('phrase', '')}" if asked else ""


def progress(plan: Plan, name: str, entries: Sequence[Entry], now: float) -> ExecutionProgress:
    """What the journal says at `now` (Unix seconds). Raises ValueError of an empty one."""
    found, last = figures(plan, entries), entries[-1]
    halted = last.event in (Event.ASKED, Event.PAUSED, Event.COMPLETED)
    newest = {entry.step: entry for entry in entries if entry.event in _STATES}
    ended = {step for step, entry in newest.items() if entry.event in (Event.DONE, Event.SKIPPED)}
    group = next((group for group in plan.groups if not all(step.name in ended for step in group)), ())
    steps: list[StepProgress] = []
    for step in plan.steps:
        entry = newest.get(step.name)
        state = _STATES[entry.event] if entry else "looks" if step in group and not halted else ""
        seconds = entry.at - found.started if entry and step.name in ended else None
        steps.append(StepProgress(step.title, state, entry.text if entry else "", seconds))
    return ExecutionProgress(
        name,
        plan.name,
        plan.giving,
        plan.taking,
        last.event.value if halted else "under way",
        _question(entries) or last.text if halted else "",
        (last.at if last.event is Event.COMPLETED else now) - found.started,
        found.recovery_s,
        plan.rto_s,
        steps,
    )
