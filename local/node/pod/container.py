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

from local.engines.runtime.files import write
from local.engines.runtime.process import EngineFailed
from local.node.api import Object
from local.node.pod.backoff import Backoff, should_restart
from local.node.pod.environment import MissingReference, NoText
from local.node.pod.probes import ProbeState, run_handler
from local.node.pod.security import RootNotAllowed
from local.node.pod.status import ContainerStatus, ContainerView, Terminated
from local.node.runtime.execution import ContainerConfig, Run
from local.node.runtime.images import UnknownImage
from local.node.runtime.pulling import NeverPulled
from local.node.runtime.references import InvalidReference

log = logging.getLogger(__name__)

_PULL_RETRY_SECONDS = 10.0
_CONFIG_RETRY_SECONDS = 2.0
_MESSAGE_BYTES, _MESSAGE_LINES = 2048, 80
"""How much of its log a kubelet takes for the message of a failed container, whichever is less."""
_STARTING_PERIOD_SECONDS = 0.25
_STARTING_SECONDS = 60.0
"""For this long after its start an unready container is probed often, so that a rollout need not wait for a period."""


class OwningPod(Protocol):
    """What a container needs of its Pod."""

    address: str
    terminating: bool
    scratch: Path

    async def container_config(self, container: Object) -> ContainerConfig:
        """Raises InvalidReference, NeverPulled, UnknownImage, MissingReference, NoText or RootNotAllowed."""
        ...

    def status_changed(self) -> None: ...

    def record_event(self, reason: str, message: str, kind: str = "Normal") -> None: ...


class Container:
    """`role` is main, init or sidecar; `folder` has the files of its runs."""

    def __init__(self, pod: OwningPod, spec: Object, role: str, policy: str, folder: Path) -> None:
        self.pod = pod
        self.spec = spec
        self.role = role
        self.name: str = spec["name"]
        self.folder = folder
        self.policy = "Always" if role == "sidecar" else "OnFailure" if (role, policy) == ("init", "Always") else policy
        self.status = self._load_status()
        self.stopping = False
        self._kill_reason = ""
        self._started = asyncio.Event()
        self._ended = asyncio.Event()
        self._stops: set[asyncio.Task[None]] = set()
        if self.status.started:
            self._started.set()

    @property
    def view(self) -> ContainerView:
        return ContainerView(self.spec, self.role, self.status)

    def run(self, number: int | None = None) -> Run:
        """The files and process of a run, by default the current one."""
        return Run(self.folder, self.status.run if number is None else number)

    async def run_until_done(self) -> None:
        """Runs the container and restarts it by its restart policy; returns when it will not be restarted."""
        backoff = Backoff()
        if self.status.ended is not None and not await self._prepare_restart(0.0):
            return
        while not self.stopping:
            if not self.status.running and not await self._start():
                continue
            started_at = self.status.started_at or time.time()
            await self._wait_exit()
            backoff, delay = backoff.after(time.time() - started_at)
            if not await self._prepare_restart(delay):
                return

    async def wait_started(self) -> None:
        """Waits until the container has started, i.e. its startup probe has succeeded."""
        await self._started.wait()

    async def stop(self, grace: float, reason: str = "", hook: bool = True) -> None:
        """SIGTERM, after the preStop hook with `hook`, and SIGKILL after `grace` seconds. Returns after the exit."""
        run, deadline = self.run(), time.monotonic() + grace
        if not self.status.running:
            return
        self._kill_reason = reason
        self.pod.record_event("Killing", f"Stopping container {self.name}" + (f": {reason}" if reason else ""))
        pre_stop = self.spec.get("lifecycle", {}).get("preStop")
        if pre_stop and grace and hook:
            await self._run_hook(pre_stop, grace)
        run.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                await self._ended.wait()
        if self.status.running:
            await asyncio.to_thread(run.process.kill)
        await self._ended.wait()

    async def exec_command(self, command: list[str]) -> tuple[int, str]:
        """Runs a command in the container: exit code and output. Raises ProcessLookupError if it is not running."""
        run = self.run()
        child = await asyncio.create_subprocess_exec(
            *run.exec_argv(command),
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
        status = self.status
        try:
            program = await self.pod.container_config(self.spec)
            await asyncio.to_thread(self.run().start, program, self.pod.scratch)
        except (InvalidReference, NeverPulled) as error:
            reason = "InvalidImageName" if isinstance(error, InvalidReference) else "ErrImageNeverPull"
            if status.waiting != reason:
                self.pod.record_event("Failed", f"Error: {error}", "Warning")
            self._set_waiting(reason, str(error))
            await asyncio.sleep(_PULL_RETRY_SECONDS)
            return False
        except UnknownImage as error:
            retried = status.waiting in ("ErrImagePull", "ImagePullBackOff")
            self._set_waiting("ImagePullBackOff" if retried else "ErrImagePull", str(error))
            if not retried:
                self.pod.record_event("Failed", f"Failed to pull image: {error}", "Warning")
            await asyncio.sleep(_PULL_RETRY_SECONDS)
            return False
        except (MissingReference, NoText, RootNotAllowed) as error:
            if status.message != str(error):
                self.pod.record_event("Failed", f"Error: {error}", "Warning")
            self._set_waiting("CreateContainerConfigError", str(error))
            await asyncio.sleep(_CONFIG_RETRY_SECONDS)
            return False
        except (EngineFailed, OSError, ValueError) as error:
            self._set_waiting("RunContainerError", str(error))
            await asyncio.sleep(_PULL_RETRY_SECONDS)
            return False
        status.started_at, status.waiting, status.message = time.time(), "", ""
        status.image_identity = program.image_identity
        status.started = "startupProbe" not in self.spec
        status.ready = status.started and "readinessProbe" not in self.spec
        if not status.started:
            self._started.clear()
        self._kill_reason = ""
        self._save_status()
        self.pod.record_event("Started", f"Started container {self.name}")
        return True

    async def _wait_exit(self) -> None:
        """Probes the current run until it exits, and saves its exit code."""
        self._ended.clear()
        kinds = [kind for kind in ("startupProbe", "livenessProbe", "readinessProbe") if kind in self.spec]
        tasks = [asyncio.create_task(self._probe(kind)) for kind in kinds]
        if post := self.spec.get("lifecycle", {}).get("postStart"):
            tasks.append(asyncio.create_task(self._run_hook(post, 30)))
        try:
            code = await self.run().wait()
        finally:
            for task in tasks:
                task.cancel()
        status = self.status
        message = self._kill_reason or self._end_of_log(code)
        status.ended = Terminated(code, status.started_at or time.time(), time.time(), status.run, message)
        status.started = status.ready = False
        self._ended.set()
        self._save_status()

    async def _prepare_restart(self, delay: float) -> bool:
        """Prepares the next run and waits `delay` seconds; False if the container is not restarted."""
        ended = self.status.ended
        if ended is None or self.stopping or self.pod.terminating or not should_restart(self.policy, ended.exit_code):
            return False
        self.status = ContainerStatus(self.status.run + 1, previous=ended, waiting="CrashLoopBackOff" if delay else "")
        self.run(self.status.run - 2).delete_files()  # the log of the last run is kept for `kubectl logs --previous`
        if delay:
            self.status.message = f"back-off {delay:.0f}s restarting failed container={self.name}"
            self.pod.record_event("BackOff", f"Back-off restarting failed container {self.name}", "Warning")
        self._save_status()
        await asyncio.sleep(delay)
        return True

    async def _probe(self, kind: str) -> None:
        probe, period = self.spec[kind], self.spec[kind].get("periodSeconds", 10)
        if kind != "startupProbe":
            await self._started.wait()
        await asyncio.sleep(probe.get("initialDelaySeconds", 0))
        state = ProbeState.for_probe(probe)
        while True:
            failure = await run_handler(probe, self.spec, self.pod.address, self.exec_command)
            state = state.record(failure is None)
            if failure is not None and state.consecutive == 1 and self._started_long_ago():
                self.pod.record_event(
                    "Unhealthy", f"{kind.removesuffix('Probe').capitalize()} probe failed: {failure}", "Warning"
                )
            if kind == "readinessProbe":
                if state.result is not None and state.result != self.status.ready:
                    self.status.ready = state.result
                    self._save_status()
            elif state.result is False:
                grace = probe.get("terminationGracePeriodSeconds", 30)
                self._spawn(self.stop(grace, f"{kind.removesuffix('Probe')} probe failed: {failure}"))
                return
            elif kind == "startupProbe" and state.result:
                self.status.started, self.status.ready = True, "readinessProbe" not in self.spec
                self._save_status()
                return
            often = kind == "readinessProbe" and not self.status.ready and not self._started_long_ago()
            await asyncio.sleep(min(period, _STARTING_PERIOD_SECONDS) if often else period)

    async def _run_hook(self, hook: Object, seconds: float) -> None:
        if "sleep" in hook:
            await asyncio.sleep(min(seconds, hook["sleep"]["seconds"]))
            return
        failure = await run_handler({**hook, "timeoutSeconds": seconds}, self.spec, self.pod.address, self.exec_command)
        if failure is not None:
            self.pod.record_event("FailedHook", f"container {self.name}: {failure}", "Warning")

    def _end_of_log(self, code: int) -> str:
        """What a kubelet reports of a failed run with the policy FallbackToLogsOnError: the end of its log."""
        if code == 0 or self.spec.get("terminationMessagePolicy") != "FallbackToLogsOnError":
            return ""
        return "\n".join(self.run().process.tail(_MESSAGE_BYTES).splitlines()[-_MESSAGE_LINES:])

    def _started_long_ago(self) -> bool:
        return time.time() - (self.status.started_at or 0) > _STARTING_SECONDS

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs `work` in a task of its own, which outlives that of the probe."""
        task = asyncio.create_task(work)
        self._stops.add(task)
        task.add_done_callback(self._stops.discard)

    def _set_waiting(self, reason: str, message: str) -> None:
        if (self.status.waiting, self.status.message) != (reason, message):
            self.status.waiting, self.status.message = reason, message
            self._save_status()

    def _save_status(self) -> None:
        if self.status.started:
            self._started.set()
        write(self.folder / "progress.json", json.dumps(self.status.to_json()).encode())
        self.pod.status_changed()

    def _load_status(self) -> ContainerStatus:
        try:
            return ContainerStatus.from_json(json.loads((self.folder / "progress.json").read_text()))
        except FileNotFoundError:
            return ContainerStatus()
