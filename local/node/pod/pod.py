"""One Pod, from its binding to its removal."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from local.node.api import UNREACHABLE, ApiError, Object
from local.node.pod.container import Container
from local.node.pod.context import NodeContext
from local.node.pod.environment import MissingReference
from local.node.pod.programs import Programs
from local.node.pod.status import PodView, conditions, phase, pod_status
from local.node.pod.volumes import Volumes
from local.node.runtime import groups
from local.node.runtime.execution import ContainerConfig, kill_pod, pids_of

log = logging.getLogger(__name__)

_REFRESH_SECONDS = 60.0
_RETRY_SECONDS = 1.0


class Pod:
    """`item` is the current object; `on_removed` is called once, when the Pod has been cleaned up."""

    def __init__(
        self, context: NodeContext, item: Object, address: str, folder: Path, on_removed: Callable[[Pod], None]
    ) -> None:
        meta, spec = item["metadata"], item["spec"]
        self.context = context
        self.item = item
        self.uid: str = meta["uid"]
        self.namespace: str = meta["namespace"]
        self.name: str = meta["name"]
        self.address = address
        self.folder = folder
        adopted = folder.exists()
        self.scratch = folder / "root"
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.terminating = False
        self._on_removed = on_removed
        self._written_status = ""
        self._changed = asyncio.Event()
        self._started_at, self._conditions = _restore_status(item)
        self._addresses = {"status.podIP": address, "status.hostIP": context.node_address}
        self._volumes = Volumes(context.api, lambda: self.item, self._addresses, folder / "volumes", context.volumes)
        # Those of hostNetwork are the node's, in the network.
        group = None if spec.get("hostNetwork") else groups.create(self.uid, pids_of(self.uid) if adopted else ())
        self._programs = Programs(context, self._addresses, self._volumes, group)
        self.init_containers = [
            self._container(c, "sidecar" if c.get("restartPolicy") == "Always" else "init")
            for c in spec.get("initContainers", [])
        ]
        self.main_containers = [self._container(c, "main") for c in spec["containers"]]
        self._status_writer = asyncio.create_task(self._log_failure(self._write_status_on_change()))
        self._tasks = [
            self._status_writer,
            *(asyncio.create_task(self._log_failure(w())) for w in (self._run, self._refresh_volumes)),
        ]

    @property
    def path(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/pods/{self.name}"

    @property
    def containers(self) -> list[Container]:
        return [*self.init_containers, *self.main_containers]

    def status_changed(self) -> None:
        self._changed.set()

    def record_event(self, reason: str, message: str, kind: str = "Normal") -> None:
        self.context.record_event(self.item, reason, message, kind)

    async def container_config(self, container: Object) -> ContainerConfig:
        """Raises InvalidReference, NeverPulled, UnknownImage, MissingReference, NoText or RootNotAllowed."""
        return await self._programs.container_config(self.item, container)

    async def terminate(self) -> None:
        """Ends a Pod that is marked for deletion within its grace period, cleans up, and deletes it from the API."""
        if self.terminating:
            return
        self.terminating = True
        grace = float(self.item["metadata"].get("deletionGracePeriodSeconds", 30))
        await self._stop_containers(grace)
        await self._clean_up()
        await self._write_status()
        await self._retry_while_unreachable(self._delete)
        self._on_removed(self)

    async def kill(self) -> None:
        """Ends a Pod that is no longer in the API, without a grace period."""
        self.terminating = True
        await self._stop_containers(0)
        await self._clean_up()
        self._on_removed(self)

    async def suspend(self, grace: float) -> None:
        """Ends the processes when the node stops; files and API object are kept for its next start."""
        self._status_writer.cancel()  # a status written now would be wrong while the node is stopped
        self.terminating = True
        await self._stop_containers(grace, hooks=False)
        for task in self._tasks:
            task.cancel()
        await asyncio.to_thread(kill_pod, self.uid)

    def _container(self, spec: Object, role: str) -> Container:
        folder = self.folder / "containers" / spec["name"]
        folder.mkdir(parents=True, exist_ok=True)
        return Container(self, spec, role, self.item["spec"].get("restartPolicy", "Always"), folder)

    async def _run(self) -> None:
        await self._mount_volumes()
        for container in self.init_containers:
            if container.role == "sidecar":
                self._tasks.append(asyncio.create_task(self._log_failure(container.run_until_done())))
                await container.wait_started()
                continue
            await container.run_until_done()
            ended = container.status.ended
            if ended is None or ended.exit_code != 0:
                return
        for container in self.main_containers:
            if not container.status.waiting or container.status.waiting == "PodInitializing":
                container.status.waiting = "ContainerCreating"
        await asyncio.gather(*(container.run_until_done() for container in self.main_containers))
        if not self.terminating:
            for container in self.init_containers:
                if container.role == "sidecar":
                    container.stopping = True
                    await container.stop(10)
        self.status_changed()

    async def _mount_volumes(self) -> None:
        last_error = ""
        while True:
            try:
                await self._volumes.prepare()
                return
            except (MissingReference, ApiError, ValueError, PermissionError) as error:
                if str(error) != last_error and not (isinstance(error, ApiError) and error.code == 403):
                    # 403 is normal for a moment: the node authorizer does not know yet that the Pod is bound here.
                    last_error = str(error)
                    self.record_event("FailedMount", f"MountVolume.SetUp failed: {last_error}", "Warning")
            except UNREACHABLE as error:
                log.warning("%s/%s: volumes: %r", self.namespace, self.name, error)
            await asyncio.sleep(_RETRY_SECONDS if last_error else 0.1)

    async def _refresh_volumes(self) -> None:
        while self._volumes.refreshable:
            await asyncio.sleep(_REFRESH_SECONDS)
            try:
                await self._volumes.refresh()
            except (MissingReference, ApiError, ValueError, *UNREACHABLE) as error:  # the files are left unchanged
                log.warning("%s/%s: volumes: %s", self.namespace, self.name, error)

    async def _write_status_on_change(self) -> None:
        self.status_changed()
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._write_status()

    async def _write_status(self) -> None:
        view = self._view()
        self._conditions = conditions(view, time.time())
        status = pod_status(view, self._conditions)
        text = json.dumps(status)
        if text == self._written_status:
            return
        try:
            await self.context.api.patch(f"{self.path}/status", {"metadata": {"uid": self.uid}, "status": status})
            self._written_status = text
        except ApiError as error:
            if error.code not in (404, 409):  # deleted, or another Pod has the name by now
                log.warning("status of %s/%s: %s", self.namespace, self.name, error)
        except UNREACHABLE as error:
            log.warning("status of %s/%s: %r", self.namespace, self.name, error)
            await asyncio.sleep(_RETRY_SECONDS)
            self.status_changed()

    def _view(self) -> PodView:
        return PodView(
            self.uid,
            self.address,
            self.context.node_address,
            self._started_at,
            self.item["spec"].get("restartPolicy", "Always"),
            [container.view for container in self.containers],
            self.item["metadata"].get("generation"),
            self.terminating,
            self._conditions,
        )

    @property
    def over(self) -> bool:
        return phase(self._view()) in ("Succeeded", "Failed")

    async def _stop_containers(self, grace: float, hooks: bool = True) -> None:
        for container in self.containers:
            container.stopping = True
        await asyncio.gather(*(container.stop(grace, hook=hooks) for container in self.main_containers))
        for container in reversed(self.init_containers):
            await container.stop(min(grace, 2) if grace else 0, hook=hooks)

    async def _clean_up(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.to_thread(kill_pod, self.uid)
        await asyncio.to_thread(shutil.rmtree, self.folder, True)

    async def _delete(self) -> None:
        await self.context.api.delete(self.path, {"gracePeriodSeconds": 0, "preconditions": {"uid": self.uid}})

    async def _retry_while_unreachable(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await work()
            except UNREACHABLE as error:
                log.warning("%s/%s: %r", self.namespace, self.name, error)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _log_failure(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:
            # An error in one Pod must neither end the node nor stay unnoticed.
            log.exception("%s/%s", self.namespace, self.name)
            self.record_event("FailedSync", f"{type(error).__name__}: {error}", "Warning")


def _restore_status(item: Object) -> tuple[float, dict[str, tuple[str, float]]]:
    """Start time and conditions that an earlier node process wrote."""
    status = item.get("status", {})
    known = {
        c["type"]: (c["status"], _unix(c["lastTransitionTime"]))
        for c in status.get("conditions", [])
        if c.get("lastTransitionTime")
    }
    return (_unix(status["startTime"]) if "startTime" in status else time.time()), known


def _unix(text: str) -> float:
    with suppress(ValueError):
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    return time.time()
