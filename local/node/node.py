"""The node: admits the Pods that are bound to it, and cleans up those that no longer are."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from local.node.addresses import AddressesExhausted, AddressPool
from local.node.api import UNREACHABLE, Api, ApiError, Object
from local.node.events import event
from local.node.pod.context import NodeContext, base_environment, image_files
from local.node.pod.pod import Pod
from local.node.registration import Registration, architecture
from local.node.resource_metrics import ContainerUsage, exposition
from local.node.runtime import accounts
from local.node.runtime.execution import kill_pod
from local.node.runtime.images import Catalog
from local.node.runtime.pulling import Images
from local.node.runtime.usage import ProcessTable
from local.node.settings import NodeSettings

log = logging.getLogger(__name__)

_SUSPEND_GRACE_SECONDS = 4.0


class Node:
    """All Pods of one node; their files are below `<folder>/pods/<uid>`."""

    def __init__(self, settings: NodeSettings, api: Api) -> None:
        self.settings = settings
        self.api = api
        self.addresses = AddressPool(settings.pod_network)
        self.address = self.addresses.node
        self.pods: dict[str, Pod] = {}
        self._services: dict[str, Object] = {}
        self._processes = ProcessTable()
        self._tasks: set[asyncio.Task[None]] = set()
        self._context = NodeContext(
            api,
            Images(Catalog(), settings.name, architecture(settings)),
            self.address,
            settings.volumes,
            base_environment(),
            image_files(),
            accounts.mounts(settings.folder / "accounts"),
            lambda: self._services.values(),
            self._record_event,
        )

    @property
    def pods_folder(self) -> Path:
        return self.settings.folder / "pods"

    async def start(self) -> None:
        """Registers the node and admits every Pod bound to it; running ones are adopted."""
        self.pods_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        registration = Registration(self.api, self.settings, self.address)
        await registration.register()
        self._spawn(registration.renew_forever())
        services, pods = asyncio.Event(), asyncio.Event()
        self._spawn(self.api.watch("/api/v1/services", self._on_service, services))
        await services.wait()
        selector = f"spec.nodeName={self.settings.name}"
        self._spawn(self.api.watch("/api/v1/pods", self._on_pod, pods, fieldSelector=selector))
        await pods.wait()
        await self._clean_up_orphans()

    async def stop(self) -> None:
        """Ends the processes of the Pods; the Pods stay in the API and are started again with this node."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(pod.suspend(_SUSPEND_GRACE_SECONDS) for pod in self.pods.values()))

    def find_pod(self, namespace: str, name: str) -> Pod | None:
        """The Pod with this name on this node."""
        return next((p for p in self.pods.values() if (p.namespace, p.name) == (namespace, name)), None)

    async def resource_metrics(self) -> str:
        """What /metrics/resource of a kubelet answers; the node's own usage is that of this process and its Pods."""
        now = time.time()
        measured = await asyncio.to_thread(self._processes.containers)
        containers = [
            ContainerUsage(pod.namespace, pod.name, container.name, container.status.started_at, usage)
            for pod in self.pods.values()
            for container in pod.containers
            if container.status.started_at is not None
            and container.status.running
            and (usage := measured.get((pod.uid, container.name)))
        ]
        return exposition(containers, self._processes.itself(), now)

    def _on_pod(self, item: Object, deleted: bool) -> None:
        uid = item["metadata"]["uid"]
        pod = self.pods.get(uid)
        terminating = "deletionTimestamp" in item["metadata"]
        if deleted:
            if pod is not None and not pod.terminating:
                self._spawn(pod.kill())
            return
        if pod is None:
            terminal = item.get("status", {}).get("phase") in ("Succeeded", "Failed")
            if terminal and not (self.pods_folder / uid).is_dir():
                if terminating:
                    self._spawn(self._delete(item))
                return
            pod = self._admit(item)
            if pod is None:
                return
        pod.item = item
        if terminating:
            self._spawn(pod.terminate())

    def _admit(self, item: Object) -> Pod | None:
        uid = item["metadata"]["uid"]
        try:
            address = (
                self.address
                if item["spec"].get("hostNetwork")
                else self.addresses.allocate(uid, item.get("status", {}).get("podIP"))
            )
        except AddressesExhausted as error:
            self._record_event(item, "FailedCreatePodSandBox", str(error), "Warning")
            return None
        pod = self.pods[uid] = Pod(self._context, item, address, self.pods_folder / uid, self._on_pod_removed)
        return pod

    def _on_pod_removed(self, pod: Pod) -> None:
        self.pods.pop(pod.uid, None)
        self.addresses.release(pod.address)

    def _on_service(self, item: Object, deleted: bool) -> None:
        if deleted:
            self._services.pop(item["metadata"]["uid"], None)
        else:
            self._services[item["metadata"]["uid"]] = item

    async def _clean_up_orphans(self) -> None:
        """Kills and cleans up Pods that were deleted while no node process was running."""
        for folder in self.pods_folder.iterdir():
            if folder.name not in self.pods:
                log.info("cleaning up orphaned Pod %s", folder.name)
                await asyncio.to_thread(kill_pod, folder.name)
                shutil.rmtree(folder, ignore_errors=True)

    async def _delete(self, item: Object) -> None:
        meta = item["metadata"]
        await self.api.delete(f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}", {"gracePeriodSeconds": 0})

    def _record_event(self, item: Object, reason: str, message: str, kind: str) -> None:
        about, source = {"apiVersion": "v1", "kind": "Pod", **item}, ("process-node", self.settings.name)
        content = event(about, reason, message, kind, source, time.time())
        self._spawn(self._send_event(f"/api/v1/namespaces/{item['metadata']['namespace']}/events", content))

    async def _send_event(self, path: str, content: Object) -> None:
        try:
            await self.api.post(path, content)
        except (ApiError, *UNREACHABLE) as error:  # e.g. the namespace is being deleted
            log.info("event %s: %s", content["reason"], error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a task of the node failed", exc_info=task.exception())
