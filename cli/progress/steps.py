"""Numbered steps with progress and elapsed time, for commands that take longer than a person likes to wait in doubt."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

TAIL_LINES = 15
APART_SECONDS, QUIET_SECONDS = 10, 30
"""Where lines stay: least time between two, and after which one that says nothing new is written all the same."""

Say = Callable[[str], None]
"""Tells what a step is doing right now; the words stay on screen until the next ones."""


class StepFailed(RuntimeError):
    """A step could not be done; the message says what happened and what to do next."""


@dataclass(frozen=True)
class Step:
    """`run` is idempotent and returns a few words on its outcome; what it prints goes to `log`."""

    title: str
    run: Callable[[Say], str]
    log: Path


@dataclass(frozen=True)
class Done:
    title: str
    outcome: str
    seconds: float


def run_steps(steps: Sequence[Step], console: Console) -> list[Done]:
    """Runs the steps in order. Raises StepFailed after telling which log to read; finished steps stay done."""
    done: list[Done] = []
    for number, step in enumerate(steps, 1):
        label = f"[{number:>2}/{len(steps)}] {step.title}"
        started = time.monotonic()
        with _progress(console, label, started) as say:
            try:
                outcome = step.run(say)
            except KeyboardInterrupt:
                raise StepFailed(f"{label}: interrupted. What was done stays; run the same command again.") from None
            except Exception as error:
                raise StepFailed(_report(label, step.log, error)) from error
        seconds = time.monotonic() - started
        console.print(
            f"{escape(label):<42} [green]{seconds:7.1f} s[/]  {escape(outcome)}", highlight=False, soft_wrap=True
        )
        done.append(Done(step.title, outcome, seconds))
    return done


def table_of(done: Sequence[Done]) -> Table:
    table = Table("step", "seconds", "outcome", title="time by step", title_justify="left")
    for step in done:
        table.add_row(step.title, f"{step.seconds:.1f}", step.outcome)
    table.add_row("[b]total", f"[b]{sum(step.seconds for step in done):.1f}", "")
    return table


class _progress:
    """A spinner with the elapsed time on a terminal; elsewhere a line when the words change and now and then."""

    def __init__(self, console: Console, label: str, started: float) -> None:
        self._console, self._label, self._started = console, escape(label), started
        self._status = Status(self._label, console=console) if console.is_terminal else None
        self._words = ""
        self._shown = started
        self._lock = Lock()
        self._over = Event()
        self._ticker = Thread(target=self._tick, name="progress", daemon=True)

    def __enter__(self) -> Say:
        if self._status:
            self._status.start()
        self._ticker.start()
        return self._say

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._ticker.join()
        if self._status:
            self._status.stop()

    def _tick(self) -> None:
        while not self._over.wait(1):
            self._show(QUIET_SECONDS)

    def _say(self, words: str) -> None:
        self._words = words
        self._show(APART_SECONDS)

    def _show(self, apart: float) -> None:
        """Tells the words; where lines stay, only `apart` seconds after the line before."""
        with self._lock:
            now = time.monotonic()
            line = f"{self._label}  {now - self._started:.0f} s  {escape(self._words)}"
            if self._status:
                self._status.update(line)
            elif now - self._shown >= apart:
                self._shown = now
                self._console.print(line, highlight=False, soft_wrap=True)


def _report(label: str, log: Path, error: Exception) -> str:
    lines = [f"{label} failed: {error}"]
    if log.exists():
        tail = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        lines += [f"the last lines of {log}:", *(f"    {line}" for line in tail)]
    lines.append("What earlier steps made is intact and running; mend the cause and run the same command again.")
    return "\n".join(lines)
