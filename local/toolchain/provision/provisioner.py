"""Builds the tools that are missing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum

from local.toolchain.catalog import TOOLS
from local.toolchain.lookup import cache
from local.toolchain.lookup.search import Installation, find
from local.toolchain.provision import lanes
from local.toolchain.recipes import debian
from local.toolchain.recipes.context import BuildContext, BuildFailed
from local.toolchain.spec.tool import Tool
from local.toolchain.tools import path


class State(Enum):
    FOUND = "found"
    PENDING = "pending"
    BUILDING = "building"
    BUILT = "built"
    FAILED = "failed"


@dataclass(frozen=True)
class Progress:
    """State of a tool. `found` is set once it is available, `error` when it failed; `seconds` is the build time."""

    tool: Tool
    state: State
    found: Installation | None = None
    error: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        took = f" in {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.tool.name} {self.tool.version}: {self.state.value}{took}" + (
            f": {self.error}" if self.error else ""
        )


ProgressListener = Callable[[Progress], None]


class ProvisionFailed(RuntimeError):
    """Some tools could not be built. The message names each with its log; all others are available."""


def missing(tools: Sequence[Tool] = TOOLS) -> list[Tool]:
    """The tools that have to be built before the platform can run, and the missing tools that these builds need."""
    found = _find_all([tool for tool in tools if not tool.build_only])
    absent = [tool for tool in tools if not tool.build_only and found[tool.name] is None]
    required = {need for tool in absent for need in tool.needs}
    return [tool for tool in tools if tool in absent or (tool.build_only and tool.name in required and not find(tool))]


def provision(listen: ProgressListener, on_wait: Callable[[], None], tools: Sequence[Tool] = TOOLS) -> None:
    """Builds the missing tools. Calls `listen` from several threads, and `on_wait` when another process is building.
    Raises ProvisionFailed after it has built all it can."""
    failures: dict[str, BaseException | None] = {}
    absent = missing(tools)
    if absent:
        with cache.lock(on_wait):
            absent = missing(tools)
            for tool in absent:
                listen(Progress(tool, State.PENDING))
            jobs = [lanes.Job(tool.name, tool.lane, tool.needs, _build_job(tool, listen)) for tool in absent]
            failures = lanes.run(jobs)
    for tool in tools:
        error = failures.get(tool.name)
        if isinstance(error, lanes.DependencyFailed):
            listen(Progress(tool, State.FAILED, error=f"needs {error}, which failed"))
    for tool, found in ((tool, find(tool)) for tool in tools if tool not in absent and not tool.build_only):
        assert found
        listen(Progress(tool, State.FOUND, found))
    failed = {name: error for name, error in failures.items() if error}
    if failed:
        raise ProvisionFailed(_failure_message(failed))


def _build_job(tool: Tool, listen: ProgressListener) -> Callable[[], None]:
    def job() -> None:
        started = time.monotonic()
        listen(Progress(tool, State.BUILDING))
        try:
            found = build(tool)
        except Exception as error:
            listen(Progress(tool, State.FAILED, error=str(error), seconds=time.monotonic() - started))
            raise
        listen(Progress(tool, State.BUILT, found, seconds=time.monotonic() - started))

    return job


def build(tool: Tool) -> Installation:
    """Builds one tool, even if it is available. Raises BuildFailed. The caller must hold `cache.lock`."""
    log = cache.log_path(tool)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(f"{time.strftime('%Y-%m-%d %H:%M:%S %z')} {tool.name} {tool.version}\n")
    if tool.debian_packages:
        debian.install(tool.debian_packages, BuildContext(log.parent, log, path))
    else:
        with cache.add(tool) as folder:
            for recipe in tool.recipes:
                recipe.build(BuildContext(folder, log, path))
    found = find(tool)
    if found is None:
        assert tool.programs
        raise BuildFailed(
            f"Debian's {' '.join(tool.debian_packages)} does not provide {', '.join(tool.programs.names)} "
            f"in a version {tool.programs.supported}"
        )
    return found


def _find_all(tools: Sequence[Tool]) -> dict[str, Installation | None]:
    """Getting the version of a program means running it, so all are run in parallel."""
    with ThreadPoolExecutor(len(tools) or 1) as pool:
        return dict(zip((tool.name for tool in tools), pool.map(find, tools), strict=True))


def _failure_message(failed: dict[str, BaseException]) -> str:
    lines = [
        f"  {name}: {error}; the log is {cache.folder() / 'logs' / name}.log"
        for name, error in failed.items()
        if not isinstance(error, lanes.DependencyFailed)
    ]
    lines += [f"  {name}: needs {error}" for name, error in failed.items() if isinstance(error, lanes.DependencyFailed)]
    return "\n".join(
        [
            "these tools could not be built:",
            *lines,
            "The others are available. Fix the cause and run the command again: only missing tools are built.",
        ]
    )
