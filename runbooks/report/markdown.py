"""The report as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from runbooks.model import Entry, Plan
from runbooks.report.figures import Figures, figures


def markdown(plan: Plan, execution: str, journal: Sequence[Entry]) -> str:
    found = figures(plan, journal)
    rows = [f"| {name} | {value} |" for name, value in summary(plan, execution, found)]
    lines = [f"| {line.seconds:.1f} | {line.title} | {line.what} | {_cell(line.text)} |" for line in found.lines]
    return "\n".join(
        [
            f"# {plan.name}: {plan.giving} to {plan.taking}",
            "",
            "| | |",
            "| --- | --- |",
            *rows,
            "",
            "## Timeline",
            "",
            "| seconds | step | event | evidence |",
            "| ---: | --- | --- | --- |",
            *lines,
            "",
        ]
    )


def summary(plan: Plan, execution: str, found: Figures) -> list[tuple[str, str]]:
    at = datetime.fromtimestamp(found.started, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if found.recovery_s is None:
        recovery = "not reached"
    else:
        recovery = f"{found.recovery_s:.1f} s (goal {plan.rto_s:.0f} s; {found.asked_s:.1f} s of it for answers)"
    return [
        ("execution", execution),
        ("mode", plan.mode.value),
        ("started", at),
        ("state", "completed" if found.completed else "not completed"),
        ("actual recovery time", recovery),
        ("accepted loss", found.accepted or "none was needed"),
        ("skipped steps", ", ".join(found.skipped) or "none"),
        ("plan", plan.hash),
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")
