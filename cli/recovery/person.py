"""The person before the terminal: progress while steps run, and one question at a time."""

from __future__ import annotations

import getpass
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from runbooks.model import Entry, Event, Observation, Plan, Step

LINE_SECONDS = 10.0
"""Without a terminal: after so long the same line is printed again."""
_MARKS = {Event.DONE: "[green]done[/]", Event.SKIPPED: "[yellow]skipped[/]", Event.PAUSED: "[red]paused[/]"}


PERSON = "AURA_PERSON"
"""Who it is, where the user of the machine says nothing: in a workflow."""


def who() -> str:
    return os.environ.get(PERSON) or f"{getpass.getuser()}@{socket.gethostname()}"


class Terminal:
    """Redraws twice a second on a terminal, so that a slow one follows; elsewhere a line for each thing that is new."""

    def __init__(
        self, plan: Plan, console: Console, clock: Callable[[], float] = time.time, answers: Sequence[str] = ()
    ) -> None:
        """`answers` are what somebody who has read the questions typed before, where nobody is at a terminal."""
        self.name = who()
        self._answers = answers
        self._unanswered: set[str] = set()
        self._plan, self._console, self._clock = plan, console, clock
        self._live: Live | None = None
        self._printed = 0
        self._waiting = ("", 0.0)

    def show(self, entries: Sequence[Entry], observed: Mapping[str, Observation]) -> None:
        if not self._console.is_terminal:
            self._lines(entries, observed)
            return
        if self._live is None:
            self._live = Live(console=self._console, refresh_per_second=2)
            self._live.start()
        self._live.update(table(self._plan, entries, observed, self._clock()))

    def ask(self, step: Step, question: str, phrase: str) -> str | None:
        """Asks until the answer is the phrase; an empty line answers nothing. What was not answered is not asked again:
        the execution pauses when no question was answered."""
        self.end()
        answer = None if phrase in self._unanswered else self._asked(question, phrase)
        if answer is None:
            self._unanswered.add(phrase)
        return answer

    def _asked(self, question: str, phrase: str) -> str | None:
        if not sys.stdin.isatty():
            self._say(f"{question}\nTo be typed exactly: {phrase}")
            if phrase in self._answers:
                self._say("It was given with --answer.")
                return phrase
            self._say("Nobody is at a terminal; resume with --answer and this text, once for each question.")
            return None
        self._say(f"\n{question}\n")
        while True:
            self._say(f"To go on, type exactly: {phrase}")
            self._console.print("An empty line leaves it open; what was done stays, and the execution can be resumed.")
            try:
                answer = input("> ").strip()
            except EOFError:
                return None
            if not answer:
                return None
            if answer == phrase:
                return answer

    def end(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _lines(self, entries: Sequence[Entry], observed: Mapping[str, Observation]) -> None:
        for entry in entries[self._printed :]:
            title = f"{self._plan.step(entry.step).title}: " if entry.step else ""
            seconds = entry.at - entries[0].at
            self._say(f"{seconds:7.1f} s  {title}{entry.event.value}  {entry.text}".rstrip())
        self._printed = len(entries)
        text = "; ".join(one.text for one in observed.values() if one.text)
        if text and (text != self._waiting[0] or self._clock() - self._waiting[1] > LINE_SECONDS):
            self._waiting = text, self._clock()
            self._say(f"           waiting: {text}")

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def table(plan: Plan, entries: Sequence[Entry], observed: Mapping[str, Observation], now: float) -> Table:
    started = entries[0].at if entries else now
    head = f"{plan.name}: {plan.giving} to {plan.taking}   {now - started:.0f} s of {plan.rto_s:.0f} s"
    shown = Table("", "step", "", title=head, title_justify="left", box=None, pad_edge=False)
    state = {entry.step: entry for entry in entries if entry.event in (*_MARKS, Event.ACTED)}
    for step in plan.steps:
        entry = state.get(step.name)
        mark = _MARKS.get(entry.event, "[cyan]acts[/]") if entry else ""
        told = observed[step.name].text if step.name in observed else ""
        text = entry.text if entry is not None and entry.event in _MARKS else told
        shown.add_row(mark or ("[cyan]looks[/]" if told else ""), step.title, escape(text))
    return shown
