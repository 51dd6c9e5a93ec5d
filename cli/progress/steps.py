"""Numbered steps with progress and elapsed time, for commands that take long."""

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
MIN_INTERVAL_SECONDS, REPEAT_SECONDS = 10, 30
"""Without a terminal: minimum time between two lines, and the time after which an unchanged one is repeated."""

Progress = Callable[[str], None]
"""Shows what a step is doing; the text stays on screen until the next one."""


class StepFailed(RuntimeError):
    """A step failed; the message says what happened and what to do next."""


@dataclass(frozen=True)
class Step:
    """`run` is idempotent and returns a short outcome; its output goes to `log`."""

    title: str
    run: Callable[[Progress], str]
    log: Path


@dataclass(frozen=True)
class Result:
    title: str
    outcome: str
    seconds: float


def run_steps(steps: Sequence[Step], console: Console) -> list[Result]:
    """Runs the steps in order. Raises StepFailed with the log of the failed step; finished steps stay done."""
    done: list[Result] = []
    for number, step in enumerate(steps, 1):
        label = f"[{number:>2}/{len(steps)}] {step.title}"
        started = time.monotonic()
        with _ProgressDisplay(console, label, started) as progress:
            try:
                outcome = step.run(progress)
            except KeyboardInterrupt:
                raise StepFailed(f"{label}: interrupted. Finished steps stay; run the same command again.") from None
            except Exception as error:
                raise StepFailed(_report(label, step.log, error)) from error
        seconds = time.monotonic() - started
        console.print(
            f"{escape(label):<42} [green]{seconds:7.1f} s[/]  {escape(outcome)}", highlight=False, soft_wrap=True
        )
        done.append(Result(step.title, outcome, seconds))
    return done


def results_table(done: Sequence[Result]) -> Table:
    table = Table("step", "seconds", "outcome", title="time by step", title_justify="left")
    for step in done:
        table.add_row(step.title, f"{step.seconds:.1f}", step.outcome)
    table.add_row("[b]total", f"[b]{sum(step.seconds for step in done):.1f}", "")
    return table


class _ProgressDisplay:
    """A spinner with the elapsed time on a terminal; elsewhere a line on changes and at intervals."""

    def __init__(self, console: Console, label: str, started: float) -> None:
        self._console, self._label, self._started = console, escape(label), started
        self._status = Status(self._label, console=console) if console.is_terminal else None
        self._text = ""
        self._shown = started
        self._lock = Lock()
        self._stopped = Event()
        self._ticker = Thread(target=self._tick, name="progress", daemon=True)

    def __enter__(self) -> Progress:
        if self._status:
            self._status.start()
        self._ticker.start()
        return self._update

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._ticker.join()
        if self._status:
            self._status.stop()

    def _tick(self) -> None:
        while not self._stopped.wait(1):
            self._show(REPEAT_SECONDS)

    def _update(self, text: str) -> None:
        self._text = text
        self._show(MIN_INTERVAL_SECONDS)

    def _show(self, interval: float) -> None:
        """Shows the text; without a terminal only `interval` seconds after the previous line."""
        with self._lock:
            now = time.monotonic()
            line = f"{self._label}  {now - self._started:.0f} s  {escape(self._text)}"
            if self._status:
                self._status.update(line)
            elif now - self._shown >= interval:
                self._shown = now
                self._console.print(line, highlight=False, soft_wrap=True)


def _report(label: str, log: Path, error: Exception) -> str:
    lines = [f"{label} failed: {error}"]
    if log.exists():
        tail = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        lines += [f"the last lines of {log}:", *(f"    {line}" for line in tail)]
    lines.append("The results of earlier steps are intact and running; fix the cause and run the same command again.")
    return "\n".join(lines)
