"""One container of a Pod: its runs, restarts and probes."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from local.engines.kubernetes_pki import write
from local.engines.process import EngineFailed
from local.node.api import Object
from local.node.pod.backoff import Backoff, restarts
from local.node.pod.environment import MissingReference
from local.node.pod.probes import Tally, check
from local.node.pod.status import ContainerView, Ended, Progress
from local.node.runtime.execution import Program, Run
from local.node.runtime.images import UnknownImage

log = logging.getLogger(__name__)

_PULL_RETRY_SECONDS = 10.0
_CONFIG_RETRY_SECONDS = 2.0
_EAGER_PROBE_SECONDS = 0.25
_EAGER_SECONDS = 60.0
"""So long after its start a container that is not ready is asked often, so that a rollout need not wait a period."""


class Host(Protocol):
    """What a container needs of its Pod."""

    address: str
    deleting: bool
    scratch: Path

    async def program(self, container: Object) -> Program:
        """Raises UnknownImage or MissingReference."""
        ...

    def changed(self) -> None: ...

    def event(self, reason: str, message: str, kind: str = "Normal") -> None: ...


class Container:
    """`role` is main, init or sidecar; files of its runs lie in `folder`."""

    def __init__(self, host: Host, spec: Object, role: str, policy: str, folder: Path) -> None:
        self.host = host
        self.spec = spec
        self.role = role
        self.name: str = spec["name"]
        self.folder = folder
        self.policy = "Always" if role == "sidecar" else "OnFailure" if (role, policy) == ("init", "Always") else policy
        self.progress = self._load()
        self.stopping = False
        self._verdict = ""
        self._up = asyncio.Event()
        self._ended = asyncio.Event()
        self._stops: set[asyncio.Task[None]] = set()
        if self.progress.started:
            self._up.set()

    @property
    def view(self) -> ContainerView:
        return ContainerView(self.spec, self.role, self.progress)

    def run(self, number: int | None = None) -> Run:
        """The files and process of a run; by default the present one."""
        return Run(self.folder, self.progress.run if number is None else number)

    async def live(self) -> None:
        """Runs the container, again and again as its restart policy says; returns when it has ended for good."""
        backoff = Backoff()
        if self.progress.ended is not None and not await self._again(0.0):
            return
        while not self.stopping:
            if not self.progress.running and not await self._start():
                continue
            began = self.progress.started_at or time.time()
            await self._finish()
            backoff, delay = backoff.after(time.time() - began)
            if not await self._again(delay):
                return

    async def up(self) -> None:
        """Waits until it has started (its startup probe passed)."""
        await self._up.wait()

    async def stop(self, grace: float, why: str = "") -> None:
        """preStop hook, SIGTERM, and SIGKILL when `grace` seconds are over. Returns when the run has ended."""
        run, deadline = self.run(), time.monotonic() + grace
        if not self.progress.running:
            return
        self._verdict = why
        self.host.event("Killing", f"Stopping container {self.name}" + (f": {why}" if why else ""))
        hook = self.spec.get("lifecycle", {}).get("preStop")
        if hook and grace:
            await self._hook(hook, grace)
        run.ask_to_end()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), max(0.0, deadline - time.monotonic()))
        if self.progress.running:
            await asyncio.to_thread(run.process.kill)
        await self._ended.wait()

    async def execute(self, command: list[str]) -> tuple[int, str]:
        """Runs a command inside: exit code and output. Raises ProcessLookupError when the container does not run."""
        run = self.run()
        child = await asyncio.create_subprocess_exec(
            *run.inside(command),
            env=run.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await child.communicate()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                child.kill()
            raise
        return child.returncode or 0, output.decode(errors="replace")

    async def _start(self) -> bool:
        progress = self.progress
        try:
            program = await self.host.program(self.spec)
            await asyncio.to_thread(self.run().start, program, self.host.scratch)
        except UnknownImage as error:
            again = progress.waiting in ("ErrImagePull", "ImagePullBackOff")
            self._wait_for("ImagePullBackOff" if again else "ErrImagePull", str(error))
            if not again:
                self.host.event("Failed", f"Failed to pull image: {error}", "Warning")
            await asyncio.sleep(_PULL_RETRY_SECONDS)
            return False
        except MissingReference as error:
            if progress.message != str(error):
                self.host.event("Failed", f"Error: {error}", "Warning")
            self._wait_for("CreateContainerConfigError", str(error))
            await asyncio.sleep(_CONFIG_RETRY_SECONDS)
            return False
        except (EngineFailed, OSError) as error:
            self._wait_for("RunContainerError", str(error))
            await asyncio.sleep(_PULL_RETRY_SECONDS)
            return False
        progress.started_at, progress.waiting, progress.message = time.time(), "", ""
        progress.started = "startupProbe" not in self.spec
        progress.ready = progress.started and "readinessProbe" not in self.spec
        if not progress.started:
            self._up.clear()
        self._verdict = ""
        self._note()
        self.host.event("Started", f"Started container {self.name}")
        return True

    async def _finish(self) -> None:
        """Probes the present run until it is over, and notes how it ended."""
        self._ended.clear()
        kinds = [kind for kind in ("startupProbe", "livenessProbe", "readinessProbe") if kind in self.spec]
        tasks = [asyncio.create_task(self._probe(kind)) for kind in kinds]
        if post := self.spec.get("lifecycle", {}).get("postStart"):
            tasks.append(asyncio.create_task(self._hook(post, 30)))
        try:
            code = await self.run().finished()
        finally:
            for task in tasks:
                task.cancel()
        progress = self.progress
        progress.ended = Ended(code, progress.started_at or time.time(), time.time(), progress.run, self._verdict)
        progress.started = progress.ready = False
        self._ended.set()
        self._note()

    async def _again(self, delay: float) -> bool:
        """Makes ready for the next run after `delay` seconds, or says that there is none."""
        ended = self.progress.ended
        if ended is None or self.stopping or self.host.deleting or not restarts(self.policy, ended.exit_code):
            return False
        self.progress = Progress(self.progress.run + 1, previous=ended, waiting="CrashLoopBackOff" if delay else "")
        self.run(self.progress.run - 2).discard()  # the last run's log stays for `kubectl logs --previous`
        if delay:
            self.progress.message = f"back-off {delay:.0f}s restarting failed container={self.name}"
            self.host.event("BackOff", f"Back-off restarting failed container {self.name}", "Warning")
        self._note()
        await asyncio.sleep(delay)
        return True

    async def _probe(self, kind: str) -> None:
        probe, period = self.spec[kind], self.spec[kind].get("periodSeconds", 10)
        if kind != "startupProbe":
            await self._up.wait()
        await asyncio.sleep(probe.get("initialDelaySeconds", 0))
        tally = Tally.of(probe)
        while True:
            failure = await check(probe, self.spec, self.host.address, self.execute)
            tally = tally.add(failure is None)
            if failure is not None and tally.streak == 1 and self._settled():
                self.host.event(
                    "Unhealthy", f"{kind.removesuffix('Probe').capitalize()} probe failed: {failure}", "Warning"
                )
            if kind == "readinessProbe":
                if tally.verdict is not None and tally.verdict != self.progress.ready:
                    self.progress.ready = tally.verdict
                    self._note()
            elif tally.verdict is False:
                grace = probe.get("terminationGracePeriodSeconds", 30)
                self._soon(self.stop(grace, f"{kind.removesuffix('Probe')} probe failed: {failure}"))
                return
            elif kind == "startupProbe" and tally.verdict:
                self.progress.started, self.progress.ready = True, "readinessProbe" not in self.spec
                self._note()
                return
            eager = kind == "readinessProbe" and not self.progress.ready and not self._settled()
            await asyncio.sleep(min(period, _EAGER_PROBE_SECONDS) if eager else period)

    async def _hook(self, hook: Object, seconds: float) -> None:
        if "sleep" in hook:
            await asyncio.sleep(min(seconds, hook["sleep"]["seconds"]))
            return
        failure = await check({**hook, "timeoutSeconds": seconds}, self.spec, self.host.address, self.execute)
        if failure is not None:
            self.host.event("FailedHook", f"container {self.name}: {failure}", "Warning")

    def _settled(self) -> bool:
        return time.time() - (self.progress.started_at or 0) > _EAGER_SECONDS

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Work that outlives the probe that asked for it."""
        task = asyncio.create_task(work)
        self._stops.add(task)
        task.add_done_callback(self._stops.discard)

    def _wait_for(self, reason: str, message: str) -> None:
        if (self.progress.waiting, self.progress.message) != (reason, message):
            self.progress.waiting, self.progress.message = reason, message
            self._note()

    def _note(self) -> None:
        if self.progress.started:
            self._up.set()
        write(self.folder / "progress.json", json.dumps(self.progress.to_json()).encode())
        self.host.changed()

    def _load(self) -> Progress:
        try:
            return Progress.from_json(json.loads((self.folder / "progress.json").read_text()))
        except FileNotFoundError:
            return Progress()
