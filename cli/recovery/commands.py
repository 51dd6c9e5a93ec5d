"""`aura failover`, `aura switchover`, `aura failback`, `aura evaluate`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from cli.recovery.execution import execute, folder
from cli.recovery.person import Terminal
from cli.recovery.platform import NoPair, environment
from contracts.pair import Pair
from local.site import Site
from runbooks.decide import PlanChanged
from runbooks.executions import Unknown, read_journal
from runbooks.journal import JournalInUse, JournalUnreadable
from runbooks.plans.actions import Runbook
from runbooks.plans.evaluate import evaluate
from runbooks.plans.failback import failback
from runbooks.plans.failover import failover
from runbooks.plans.switchover import switchover
from runbooks.ports import Environment, Refused, Unreachable
from runbooks.runner import Outcome
from runbooks.steps.seen import held
from runbooks.turn import InProgress, current

PLANS: dict[str, Callable[[Pair, str], Runbook]] = {
    "failover": failover,
    "switchover": switchover,
    "failback": failback,
}
STOPS = (NoPair, InProgress, Unreachable, Refused, Unknown, PlanChanged, JournalInUse, JournalUnreadable)


def carry_out(name: str, show_plan: bool, dry_run: bool, resume: str | None, skip: Sequence[str], status: bool) -> None:
    """Exits with 1 when the execution pauses, and with 2 when it could not begin."""
    site, console = Site.current(), Console()
    try:
        found = environment(site)
        if status:
            _status(found, console)
            return
        book = PLANS[name](found.pair, _giving(site, found, resume))
        if show_plan:
            console.print(plan_table(book))
            return
        if dry_run:
            _dry_run(found, book, console)
            return
        outcome = _run(site, found, book, resume, skip, console)
    except STOPS as error:
        console.print(f"aura {name}: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(2) from None
    raise SystemExit(0 if outcome is Outcome.COMPLETED else 1)


def print_evaluation() -> None:
    """Exits with 1 when something is not as a plan needs it."""
    console = Console()
    try:
        findings = evaluate(environment(Site.current()))
    except STOPS as error:
        console.print(f"aura evaluate: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(2) from None
    shown = Table(box=None, pad_edge=False, show_header=False)
    for one in findings:
        shown.add_row("[green]good[/]" if one.good else "[red]not[/]", one.what, one.text)
    console.print(shown)
    raise SystemExit(0 if all(one.good for one in findings) else 1)


def _giving(site: Site, found: Environment, resume: str | None) -> str:
    """The region that has the lease; of an execution that is resumed, the one that had it when it began."""
    if resume:
        entries = read_journal(folder(site), resume)
        return str(entries[0].facts.get("giving")) if entries else active(found)
    return active(found)


def active(found: Environment) -> str:
    """The region that has the lease. Raises Refused."""
    stored = held(found.witness)
    if stored is None:
        raise Refused("there is no lease at the witness: no region has been active yet")
    return stored[0].region


def _run(
    site: Site, found: Environment, book: Runbook, resume: str | None, skip: Sequence[str], console: Console
) -> Outcome:
    begun = time.monotonic()
    done = execute(site, found, book, Terminal(book.plan, console), resume, skip)
    say = lambda text: console.print(text, markup=False, highlight=False, soft_wrap=True)  # noqa: E731
    if done.outcome is Outcome.COMPLETED:
        say(f"{book.plan.name} completed after {time.monotonic() - begun:.1f} s: {book.plan.taking} serves.")
    else:
        last = done.entries[-1]
        say(f"paused at {last.step}: {last.text}")
        say(f"To go on: aura {book.plan.name} --resume {done.name}")
    say(f"report: {done.written[0]}\n        {done.written[1]}")
    return done.outcome


def _dry_run(found: Environment, book: Runbook, console: Console) -> None:
    """Only what must be so before the first act: `check-replication`; and what a plan would lose."""
    console.print(plan_table(book))
    for finding in evaluate(found):
        console.print(f"{'good' if finding.good else 'not'}: {finding.what}: {finding.text}", markup=False)


def _status(found: Environment, console: Console) -> None:
    turn = current(found.witness)
    if turn is None:
        console.print("no execution was ever begun")
        return
    state = "ended" if turn.ended else f"under way, last seen {max(0.0, time.time() - turn.at):.0f} s ago"
    console.print(f"{turn.plan} {turn.execution} by {turn.by}: {state}", markup=False, highlight=False)


def plan_table(book: Runbook) -> Table:
    plan = book.plan
    title = f"{plan.name}: {plan.giving} to {plan.taking}, {plan.mode.value}"
    shown = Table("", "step", "deadline", "", title=title, title_justify="left", box=None, pad_edge=False)
    for number, group in enumerate(plan.groups, 1):
        for step in group:
            notes = ", ".join(
                note
                for note, on in (("may be skipped", step.skippable), ("people are served", step.post_recovery))
                if on
            )
            shown.add_row(str(number), f"{step.title} ({step.name})", f"{step.deadline_s:.0f} s", notes)
    return shown
