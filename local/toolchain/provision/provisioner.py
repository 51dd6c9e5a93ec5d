"""Making every tool that is not there yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum

from local.toolchain.catalog import TOOLS
from local.toolchain.lookup import cache as store
from local.toolchain.lookup.search import Found, find
from local.toolchain.provision import lanes
from local.toolchain.recipes import debian
from local.toolchain.recipes.context import MakingFailed, Workshop
from local.toolchain.spec.tool import Tool
from local.toolchain.tools import path


class State(Enum):
    FOUND = "found"
    WAITING = "waiting"
    MAKING = "making"
    MADE = "made"
    FAILED = "failed"


@dataclass(frozen=True)
class Progress:
    """How far a tool is. `found` is set once it is there, `error` when it failed; `seconds` is what making it took."""

    tool: Tool
    state: State
    found: Found | None = None
    error: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        took = f" in {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.tool.name} {self.tool.version}: {self.state.value}{took}" + (
            f": {self.error}" if self.error else ""
        )


Listen = Callable[[Progress], None]


class ProvisionFailed(RuntimeError):
    """Some tools could not be made. The message names each with its log; the others are made, found and kept."""


def missing(tools: Sequence[Tool] = TOOLS) -> list[Tool]:
    """The tools that have to be made before the platform can run, and those that have to be for making these."""
    found = _find_all([tool for tool in tools if not tool.for_building])
    absent = [tool for tool in tools if not tool.for_building and found[tool.name] is None]
    wanted = {need for tool in absent for need in tool.needs}
    return [tool for tool in tools if tool in absent or (tool.for_building and tool.name in wanted and not find(tool))]


def provide(listen: Listen, waiting: Callable[[], None], tools: Sequence[Tool] = TOOLS) -> None:
    """Makes what is missing; repeated, it makes only what is missing still. Tells `listen`, from several threads, and
    calls `waiting` when another process is at it. Raises ProvisionFailed after it has made all it can."""
    failures: dict[str, BaseException | None] = {}
    absent = missing(tools)
    if absent:
        with store.exclusive(waiting):
            absent = missing(tools)
            for tool in absent:
                listen(Progress(tool, State.WAITING))
            failures = lanes.run([lanes.Job(tool.name, tool.lane, tool.needs, _work(tool, listen)) for tool in absent])
    for tool in tools:
        error = failures.get(tool.name)
        if isinstance(error, lanes.NeedFailed):
            listen(Progress(tool, State.FAILED, error=f"needs {error}, which failed"))
    for tool, found in ((tool, find(tool)) for tool in tools if tool not in absent and not tool.for_building):
        assert found
        listen(Progress(tool, State.FOUND, found))
    failed = {name: error for name, error in failures.items() if error}
    if failed:
        raise ProvisionFailed(_report(failed))


def _work(tool: Tool, listen: Listen) -> Callable[[], None]:
    def work() -> None:
        started = time.monotonic()
        listen(Progress(tool, State.MAKING))
        try:
            found = make(tool)
        except Exception as error:
            listen(Progress(tool, State.FAILED, error=str(error), seconds=time.monotonic() - started))
            raise
        listen(Progress(tool, State.MADE, found, seconds=time.monotonic() - started))

    return work


def make(tool: Tool) -> Found:
    """Makes one tool, whether or not it is there. Raises MakingFailed. Hold `store.exclusive` around it."""
    log = store.log_of(tool)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(f"{time.strftime('%Y-%m-%d %H:%M:%S %z')} {tool.name} {tool.version}\n")
    if tool.packages:
        debian.install(tool.packages, Workshop(log.parent, log, path))
    else:
        with store.making(tool) as folder:
            for recipe in tool.recipes:
                recipe.make(Workshop(folder, log, path))
    found = find(tool)
    if found is None:
        assert tool.programs
        raise MakingFailed(
            f"Debian's {' '.join(tool.packages)} does not bring {', '.join(tool.programs.names)} "
            f"in a version {tool.programs.fits}"
        )
    return found


def _find_all(tools: Sequence[Tool]) -> dict[str, Found | None]:
    """Asking a program its version means running it: all at once."""
    with ThreadPoolExecutor(len(tools) or 1) as pool:
        return dict(zip((tool.name for tool in tools), pool.map(find, tools), strict=True))


def _report(failed: dict[str, BaseException]) -> str:
    lines = [
        f"  {name}: {error}; the log is {store.cache() / 'logs' / name}.log"
        for name, error in failed.items()
        if not isinstance(error, lanes.NeedFailed)
    ]
    lines += [f"  {name}: needs {error}" for name, error in failed.items() if isinstance(error, lanes.NeedFailed)]
    return "\n".join(
        [
            "these tools could not be made:",
            *lines,
            "The others are made and kept. Mend the cause and repeat: only what is missing is made.",
        ]
    )
