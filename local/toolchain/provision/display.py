"""Progress display: a live table on a terminal, else one line a state change."""

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

STATE_MARKUP = {
    State.FOUND: "[dim]found",
    State.PENDING: "[dim]pending",
    State.BUILT: "[green]built",
    State.FAILED: "[red]failed",
}


class Display:
    """Context manager, called with each Progress. On exit the table stays on the screen if anything was built."""

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
                # Start only when there is something to build, to avoid flicker.
                if progress.state is State.PENDING:
                    self._live.start()
            elif progress.state in (State.BUILDING, State.BUILT, State.FAILED):
                line = f"{progress}{self._in_progress()}"
                self._console.print(f"{time.monotonic() - self._started:6.0f} s  {escape(line)}", soft_wrap=True)

    def on_wait(self) -> None:
        self._console.print("Another process is building the tools; waiting for it.")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live and self._live.is_started:
            self._live.stop()
        elif any(progress.state is not State.FOUND for progress, _ in self._rows.values()):
            self._console.print(self._table())
        else:
            self._console.print(f"{len(self._rows)} tools found in {time.monotonic() - self._started:.1f} s")

    def _in_progress(self) -> str:
        """A line may stay the last one for minutes, so it names everything that is being built."""
        names = [name for name, (progress, _) in self._rows.items() if progress.state is State.BUILDING]
        return f"; in progress: {', '.join(names)}" if names else ""

    def _table(self) -> RenderableType:
        name = Column("tool", no_wrap=True, min_width=max((len(name) for name in self._rows), default=0))
        table = Table(name, "version", "", "seconds", "location", box=None, pad_edge=False, show_edge=False)
        for progress, since in list(self._rows.values()):
            tool, building = progress.tool, progress.state is State.BUILDING
            seconds = time.monotonic() - since if building else progress.seconds
            table.add_row(
                tool.name,
                progress.found.version if progress.found else tool.version,
                Spinner("dots", "building") if building else Text.from_markup(STATE_MARKUP[progress.state]),
                f"{seconds:.0f}" if seconds else "",
                _location(progress),
            )
        table.add_row("", "", "[b]total", f"[b]{time.monotonic() - self._started:.1f}", "")
        return table


def _location(progress: Progress) -> Text:
    if progress.found is None:
        return Text(progress.error)
    return Text("cache" if progress.found.cached else str(progress.found.folder))
