"""The command lines of runbooks. As in `aura` itself, what they run is imported when it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

PLANS = {
    "failover": "A region is lost: let the other one serve, with what was replicated.",
    "switchover": "Exchange the roles of two regions that both work, without a loss.",
    "failback": "After a failover: make the region that returned a replica, and then the active one again.",
}
STACK = Annotated[str, typer.Option(help="Another one is on AWS: it is reached with your AWS credentials.")]


def add_commands(app: typer.Typer) -> None:
    for name, text in PLANS.items():
        app.command(name, help=text)(_plan(name))
    app.command()(evaluate)


def evaluate(context: typer.Context, stack: STACK = "local") -> None:
    """Say whether a change of regions would work now; changes nothing."""
    from cli.recovery.commands import Chosen, print_evaluation

    print_evaluation(Chosen(stack, context.obj))


def _plan(name: str) -> Callable[..., None]:
    def command(
        context: typer.Context,
        plan: Annotated[bool, typer.Option("--plan", help="Print the steps and do nothing.")] = False,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Print the steps and whether they would work; do nothing.")
        ] = False,
        resume: Annotated[
            str | None, typer.Option("--resume", help="Go on with this execution, also of another machine.")
        ] = None,
        skip: Annotated[list[str] | None, typer.Option("--skip", help="With --resume: leave this step out.")] = None,
        answer: Annotated[
            list[str] | None,
            typer.Option("--answer", help="Without a terminal: what a step asks to be typed; once for each question."),
        ] = None,
        status: Annotated[
            bool, typer.Option("--status", help="Print who is at it; exits with 1 while somebody is.")
        ] = False,
        stack: STACK = "local",
    ) -> None:
        from cli.recovery.commands import Chosen, Options, carry_out

        carry_out(name, Chosen(stack, context.obj), Options(plan, dry_run, status, resume, skip or [], answer or []))

    return command
