"""How the making of the tools looks: one line a tool that lives on a terminal, a line a change elsewhere."""

from __future__ import annotations

import time
from threading import Lock
from types import TracebackType

from rich.console import Console, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Column, Table
from rich.text import Text

from local.toolchain.provision.provisioner import Progress, State

MARKS = {
    State.FOUND: "[dim]found",
    State.WAITING: "[dim]waiting",
    State.MADE: "[green]made",
    State.FAILED: "[red]failed",
}


class Display:
    """A context to call with each Progress; when it ends, the table stays on the screen if anything was made."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: dict[str, tuple[Progress, float]] = {}
        self._lock = Lock()
        self._started = time.monotonic()
        self._live = (
            Live(console=console, get_renderable=self._table, refresh_per_second=4) if console.is_terminal else None
        )

    def __enter__(self) -> Display:
        return self

    def __call__(self, progress: Progress) -> None:
        with self._lock:
            self._rows[progress.tool.name] = (progress, time.monotonic())
            if self._live:
                # Not before there is something to make: a display that only flickers tells nothing.
                if progress.state is State.WAITING:
                    self._live.start()
            elif progress.state in (State.MAKING, State.MADE, State.FAILED):
                told = f"{progress}{self._under_way()}"
                self._console.print(f"{time.monotonic() - self._started:6.0f} s  {escape(told)}", soft_wrap=True)

    def waiting(self) -> None:
        self._console.print("Another process is making the tools; waiting for it.")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live and self._live.is_started:
            self._live.stop()
        elif any(progress.state is not State.FOUND for progress, _ in self._rows.values()):
            self._console.print(self._table())
        else:
            self._console.print(f"{len(self._rows)} tools found in {time.monotonic() - self._started:.1f} s")

    def _under_way(self) -> str:
        """A line stays the last one for minutes: it names all that is being made then."""
        names = [name for name, (progress, _) in self._rows.items() if progress.state is State.MAKING]
        return f"; under way: {', '.join(names)}" if names else ""

    def _table(self) -> RenderableType:
        name = Column("tool", no_wrap=True, min_width=max((len(name) for name in self._rows), default=0))
        table = Table(name, "version", "", "seconds", "where", box=None, pad_edge=False, show_edge=False)
        for progress, since in list(self._rows.values()):
            tool, making = progress.tool, progress.state is State.MAKING
            seconds = time.monotonic() - since if making else progress.seconds
            table.add_row(
                tool.name,
                progress.found.version if progress.found else tool.version,
                Spinner("dots", "making") if making else Text.from_markup(MARKS[progress.state]),
                f"{seconds:.0f}" if seconds else "",
                _where(progress),
            )
        table.add_row("", "", "[b]total", f"[b]{time.monotonic() - self._started:.1f}", "")
        return table


def _where(progress: Progress) -> Text:
    if progress.found is None:
        return Text(progress.error)
    return Text("cache" if progress.found.ours else str(progress.found.folder))
