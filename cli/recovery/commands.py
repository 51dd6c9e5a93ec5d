"""`aura failover`, `aura switchover`, `aura failback`, `aura evaluate`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from cli.aws.credentials import WrongAccount
from cli.aws.stacks import UnknownStack
from cli.recovery.execution import execute
from cli.recovery.person import Terminal
from cli.recovery.platform import Target, target
from contracts.pair import Pair
from local.plugins.home import STACK
from local.site import Site
from runbooks.adapters.witness import NoWitness
from runbooks.decide import PlanChanged
from runbooks.environment import NoPair, copies, environment
from runbooks.executions import Unknown, find_journal
from runbooks.journal import JournalInUse, JournalsDiffer, JournalUnreadable
from runbooks.model import Entry, unanswered
from runbooks.plans.actions import Runbook
from runbooks.plans.evaluate import evaluate
from runbooks.plans.failback import failback
from runbooks.plans.failover import failover
from runbooks.plans.switchover import switchover
from runbooks.ports import Environment, Refused, Unreachable
from runbooks.runner import Outcome
from runbooks.steps import renew_state
from runbooks.steps.seen import held
from runbooks.turn import InProgress, Superseded, current

PLANS: dict[str, Callable[[Pair, str], Runbook]] = {
    "failover": failover,
    "switchover": switchover,
    "failback": failback,
}
STOPS = (
    *(UnknownStack, WrongAccount, BotoCoreError, ClientError, NoPair),
    *(InProgress, Superseded, Unreachable, Refused, Unknown, PlanChanged),
    *(JournalInUse, JournalUnreadable, JournalsDiffer),
)


@dataclass(frozen=True)
class Chosen:
    """A stack, and the AWS profile for one on AWS."""

    name: str
    profile: str | None

    def target(self) -> Target:
        """Raises one of STOPS."""
        return target(Site.current(), self.name, self.profile)


@dataclass(frozen=True)
class Options:
    """Of one command line."""

    show_plan: bool = False
    dry_run: bool = False
    status: bool = False
    resume: str | None = None
    skip: Sequence[str] = ()
    answers: Sequence[str] = ()


def carry_out(name: str, stack: Chosen, options: Options) -> None:
    """Exits with 1 when the execution pauses, or one is under way with `status`; with 2 when it could not begin."""
    console = Console()
    try:
        where = stack.target()
        if options.status:
            raise SystemExit(_status(where, console))
        found = environment(where.access)
        began = find_journal(where.folder, options.resume, copies(where.access, found.pair)) if options.resume else []
        _check(options, began)
        book = PLANS[name](found.pair, str(began[0].facts["giving"]) if began else active(found))
        if options.show_plan:
            console.print(plan_table(book))
            return
        if options.dry_run:
            _dry_run(found, book, console)
            return
        outcome = _run(where, found, book, stack, options, console)
    except STOPS as error:
        raise _stopped(name, stack, error, console) from None
    raise SystemExit(0 if outcome is Outcome.COMPLETED else 1)


def print_evaluation(stack: Chosen) -> None:
    """Exits with 1 when something is not as a plan needs it."""
    console = Console()
    try:
        findings = evaluate(environment(stack.target().access))
    except STOPS as error:
        raise _stopped("evaluate", stack, error, console) from None
    shown = Table(box=None, pad_edge=False, show_header=False)
    for one in findings:
        shown.add_row("[green]good[/]" if one.good else "[red]not[/]", one.what, one.text)
    console.print(shown)
    raise SystemExit(0 if all(one.good for one in findings) else 1)


def _stopped(name: str, stack: Chosen, error: Exception, console: Console) -> SystemExit:
    """Prints why nothing was begun, and what to do."""
    console.print(f"aura {name}: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
    if stack.name != STACK:
        hint = f"The stack is {stack.name}, reached with your AWS credentials (AWS_PROFILE): --stack {stack.name}"
        console.print(hint, markup=False, highlight=False, soft_wrap=True)
    elif isinstance(error, Unreachable):
        console.print("Is the platform up? `aura status` shows what is down, `make up` starts it.", markup=False)
    return SystemExit(2)


def _check(options: Options, began: Sequence[Entry]) -> None:
    """Answers are to questions that the execution has asked and nobody has answered. Raises Refused."""
    if not options.resume:
        if options.answers or options.skip:
            raise Refused("--answer and --skip go with --resume: nothing has been asked yet. Nothing was done.")
        return
    phrases = unanswered(began)
    for answer in options.answers:
        if answer.strip() not in phrases:
            wanted = f"it asks to type: {' or '.join(phrases)}" if phrases else "it asks nothing"
            raise Refused(f"{options.resume} does not ask for {answer!r}; {wanted}. Nothing was done.")


def active(found: Environment) -> str:
    """The region that has the lease. Raises Refused."""
    stored = held(found.witness)
    if stored is None:
        raise Refused("there is no lease at the witness: no region has been active yet")
    return stored[0].region


def _run(
    where: Target, found: Environment, book: Runbook, stack: Chosen, options: Options, console: Console
) -> Outcome:
    begun = time.monotonic()
    terminal = Terminal(book.plan, console, answers=[answer.strip() for answer in options.answers])
    done = execute(where, found, book, terminal, options.resume, options.skip)
    say = lambda text: console.print(text, markup=False, highlight=False, soft_wrap=True)  # noqa: E731
    if done.outcome is Outcome.COMPLETED:
        say(f"{book.plan.name} completed after {time.monotonic() - begun:.1f} s: {book.plan.taking} serves.")
        for told in (entry.text for entry in done.entries if entry.step == renew_state.NAME):
            say(told)  # whole lines: a table would break the command
    else:
        last = done.entries[-1]
        say(f"paused at {last.step}: {last.text}")
        of = "" if stack.name == STACK else f" --stack {stack.name}"
        say(f"To go on: aura {book.plan.name}{of} --resume {done.name}")
        if of:
            say(f"With each aura command:{of}")
    say(f"report: {done.written[0]}\n        {done.written[1]}")
    return done.outcome


def _dry_run(found: Environment, book: Runbook, console: Console) -> None:
    """Only what must be so before the first act: `check-replication`; and what a plan would lose."""
    console.print(plan_table(book))
    for finding in evaluate(found):
        console.print(f"{'good' if finding.good else 'not'}: {finding.what}: {finding.text}", markup=False)


def _status(where: Target, console: Console) -> int:
    """1 while an execution is under way or paused."""
    try:
        turn = current(where.access.witness())
    except NoWitness as error:
        console.print(f"no execution was ever begun: {error}", markup=False, highlight=False, soft_wrap=True)
        return 0
    if turn is None:
        console.print("no execution was ever begun")
        return 0
    seen = f"last seen {max(0.0, time.time() - turn.at):.0f} s ago"
    state = f"paused, {seen}" if turn.paused else "ended" if turn.ended else f"under way, {seen}"
    console.print(f"{turn.plan} {turn.execution} by {turn.by}: {state}", markup=False, highlight=False)
    return 1 if turn.paused or not turn.ended else 0


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
