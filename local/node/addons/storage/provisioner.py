"""Makes, expands and deletes volumes, as the claims and volumes of the cluster ask for."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from pathlib import Path

from local.node.addons import installed
from local.node.addons.storage import rules, volumes
from local.node.api import APPLY, UNREACHABLE, Api, ApiError, Object
from local.node.events import event

log = logging.getLogger(__name__)

_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
_MANAGER = "provisioner"
_FOLDER_MODE = 0o755
"""Of the root of a new file system, which belongs to root."""
_RETRY_SECONDS = 1.0
_INSTALLED_SECONDS = 2.0


class Provisioner:
    """`folder` is that of the add-ons; the folders of volumes are in `data`."""

    def __init__(self, api: Api, folder: Path, data: Path) -> None:
        self._api = api
        self._folder = folder
        self._data = data
        self._claims: dict[str, Object] = {}
        self._classes: dict[str, Object] = {}
        self._volumes: dict[str, Object] = {}
        self._nodes: dict[str, Object] = {}
        self._told: dict[str, str] = {}
        """UID of a claim -> message of its last Event."""
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Never returns. Works while the add-on is installed; the class of a new cluster is there without it."""
        self._data.mkdir(parents=True, exist_ok=True)
        await self._declare_class()
        ignored = asyncio.Event()  # the status of nodes changes often, and no claim waits for it
        watches = (
            ("/api/v1/persistentvolumeclaims", self._claims, self._changed, "uid"),
            (_CLASSES, self._classes, self._changed, "name"),
            ("/api/v1/persistentvolumes", self._volumes, self._changed, "name"),
            ("/api/v1/nodes", self._nodes, ignored, "name"),
        )
        synced = [asyncio.Event() for _ in watches]
        async with asyncio.TaskGroup() as group:
            for (path, store, changed, key), listed in zip(watches, synced, strict=True):
                group.create_task(self._api.inform(path, store, changed, listed, key))
            await asyncio.gather(*(one.wait() for one in synced))
            group.create_task(self._reconcile_forever())

    async def _reconcile_forever(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            if installed.EBS_CSI_DRIVER not in installed.read(self._folder):
                await asyncio.sleep(_INSTALLED_SECONDS)
                self._changed.set()
                continue
            try:
                for claim in list(self._claims.values()):
                    await self._reconcile(claim)
                await self._reclaim()
            except (ApiError, *UNREACHABLE) as error:
                log.warning("volumes: %s", error or repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
                self._changed.set()
            self._told = {uid: message for uid, message in self._told.items() if uid in self._claims}

    async def _reconcile(self, claim: Object) -> None:
        storage_class = self._classes.get(claim["spec"].get("storageClassName") or "")
        try:
            if storage_class and rules.is_ours(storage_class) and volumes.needs_volume(claim, storage_class):
                await self._provision(claim, volumes.volume_for(claim, storage_class, self._nodes))
        except rules.Refused as error:
            name = storage_class["metadata"]["name"] if storage_class else ""
            message = f'failed to provision volume with StorageClass "{name}": {error}'
            await self._record_event(claim, "ProvisioningFailed", message, "Warning")
        volume = self._volumes.get(claim["spec"].get("volumeName") or "")
        try:
            if volume and (expansion := volumes.expansion(claim, volume)):
                await self._expand(volume, expansion)
        except rules.Refused as error:
            await self._record_event(claim, "VolumeResizeFailed", f"resize volume failed: {error}", "Warning")

    async def _provision(self, claim: Object, volume: Object) -> None:
        name = volume["metadata"]["name"]
        if name in self._volumes:
            return
        folder = self._data / name
        folder.mkdir(exist_ok=True)
        folder.chmod(_FOLDER_MODE)
        await self._api.patch(f"/api/v1/persistentvolumes/{name}", volume, APPLY, fieldManager=_MANAGER, force="true")
        await self._record_event(claim, "ProvisioningSucceeded", f"Successfully provisioned volume {name}")

    async def _expand(self, volume: Object, expansion: volumes.Expansion) -> None:
        capacity = {"capacity": {"storage": expansion.size}}
        meta = expansion.claim["metadata"]
        await self._api.patch(f"/api/v1/persistentvolumes/{volume['metadata']['name']}", {"spec": capacity})
        path = f"/api/v1/namespaces/{meta['namespace']}/persistentvolumeclaims/{meta['name']}/status"
        await self._api.patch(path, {"status": capacity})
        await self._record_event(
            expansion.claim, "VolumeResizeSuccessful", f"Resize volume succeeded: {expansion.size}"
        )

    async def _reclaim(self) -> None:
        for name, volume in list(self._volumes.items()):
            if volumes.is_reclaimable(volume):
                await asyncio.to_thread(shutil.rmtree, self._data / name, True)
                await self._api.delete(f"/api/v1/persistentvolumes/{name}")

    async def _record_event(self, claim: Object, reason: str, message: str, kind: str = "Normal") -> None:
        """Records an Event of the claim, unless it is the same again."""
        uid, namespace = claim["metadata"]["uid"], claim["metadata"]["namespace"]
        if self._told.get(uid) == message:
            return
        about = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **claim}
        content = event(about, reason, message, kind, (rules.PROVISIONER, ""), time.time())
        await self._api.post(f"/api/v1/namespaces/{namespace}/events", content)
        self._told[uid] = message

    async def _declare_class(self) -> None:
        while True:
            try:
                await self._remove_former_default()
                path = f"{_CLASSES}/{volumes.STORAGE_CLASS['metadata']['name']}"
                await self._api.patch(path, volumes.STORAGE_CLASS, APPLY, fieldManager=_MANAGER, force="true")
                return
            except (ApiError, *UNREACHABLE) as error:
                log.warning("storage class: %s", error or repr(error))
                await asyncio.sleep(_RETRY_SECONDS)

    async def _remove_former_default(self) -> None:
        """The class gp3 that this program made the default before: its parameters could not be changed by manifests."""
        try:
            former = await self._api.get(f"{_CLASSES}/gp3")
        except ApiError as error:
            if error.code != 404:
                raise
            return
        if not former.get("parameters") and {m.get("manager") for m in former["metadata"]["managedFields"]} == {
            _MANAGER
        }:
            await self._api.delete(f"{_CLASSES}/gp3")
