"""The volume provisioner: creates a PersistentVolume, a folder of this machine, for every PersistentVolumeClaim."""

from __future__ import annotations

import asyncio
import logging
import shutil
from pathlib import Path

from local.node.api import APPLY, UNREACHABLE, Api, ApiError, Object

log = logging.getLogger(__name__)

PROVISIONER = "ebs.csi.aws.com"
STORAGE_CLASS: Object = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": "gp3", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    "provisioner": PROVISIONER,
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "WaitForFirstConsumer",
    "allowVolumeExpansion": True,
}
_SELECTED_NODE = "volume.kubernetes.io/selected-node"


def volume_for(claim: Object, storage_class: Object, folder: Path) -> Object | None:
    """The PersistentVolume to provision for a claim; None if it needs none from this provisioner."""
    meta, spec = claim["metadata"], claim["spec"]
    pending = claim.get("status", {}).get("phase") == "Pending" and not spec.get("volumeName")
    wait_for_consumer = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
    node_selected = not wait_for_consumer or _SELECTED_NODE in meta.get("annotations", {})
    if not pending or not node_selected or storage_class["provisioner"] != PROVISIONER or "deletionTimestamp" in meta:
        return None
    name = f"pvc-{meta['uid']}"
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": meta["namespace"],
                "name": meta["name"],
                "uid": meta["uid"],
            },
            "hostPath": {"path": str(folder / name)},
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "storageClassName": storage_class["metadata"]["name"],
        },
    }


def is_reclaimable(volume: Object) -> bool:
    """Whether a volume of this provisioner is released and to be deleted with its data."""
    ours = volume["metadata"].get("annotations", {}).get("pv.kubernetes.io/provisioned-by") == PROVISIONER
    deletes = volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
    return ours and deletes and volume.get("status", {}).get("phase") in ("Released", "Failed")


class Provisioner:
    """Watches claims, storage classes and volumes of the cluster; the folders of volumes are in `folder`."""

    def __init__(self, api: Api, folder: Path) -> None:
        self._api = api
        self._folder = folder
        self._claims: dict[str, Object] = {}
        self._classes: dict[str, Object] = {}
        self._volumes: dict[str, Object] = {}
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Never returns."""
        self._folder.mkdir(parents=True, exist_ok=True)
        await self._apply_storage_class()
        watches = (
            ("/api/v1/persistentvolumeclaims", self._claims, "uid"),
            ("/apis/storage.k8s.io/v1/storageclasses", self._classes, "name"),
            ("/api/v1/persistentvolumes", self._volumes, "name"),
        )
        async with asyncio.TaskGroup() as group:
            for path, store, key in watches:
                group.create_task(self._watch(path, store, key))
            group.create_task(self._reconcile_forever())

    async def _watch(self, path: str, store: dict[str, Object], key: str) -> None:
        def on_event(item: Object, deleted: bool) -> None:
            if deleted:
                store.pop(item["metadata"][key], None)
            else:
                store[item["metadata"][key]] = item
            self._changed.set()

        await self._api.watch(path, on_event, asyncio.Event())

    async def _reconcile_forever(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._provision()
                await self._reclaim()
            except (ApiError, *UNREACHABLE) as error:
                log.warning("volumes: %s", error or repr(error))
                await asyncio.sleep(1)
                self._changed.set()

    async def _provision(self) -> None:
        for claim in list(self._claims.values()):
            storage_class = self._classes.get(claim["spec"].get("storageClassName", ""))
            volume = volume_for(claim, storage_class, self._folder) if storage_class else None
            if volume is None or volume["metadata"]["name"] in self._volumes:
                continue
            (self._folder / volume["metadata"]["name"]).mkdir(exist_ok=True)
            path = f"/api/v1/persistentvolumes/{volume['metadata']['name']}"
            await self._api.patch(path, volume, APPLY, fieldManager="provisioner", force="true")

    async def _reclaim(self) -> None:
        for name, volume in list(self._volumes.items()):
            if is_reclaimable(volume):
                await asyncio.to_thread(shutil.rmtree, self._folder / name, True)
                await self._api.delete(f"/api/v1/persistentvolumes/{name}")

    async def _apply_storage_class(self) -> None:
        path = f"/apis/storage.k8s.io/v1/storageclasses/{STORAGE_CLASS['metadata']['name']}"
        while True:
            try:
                await self._api.patch(path, STORAGE_CLASS, APPLY, fieldManager="provisioner", force="true")
                return
            except (ApiError, *UNREACHABLE) as error:
                log.warning("storage class: %s", error or repr(error))
                await asyncio.sleep(1)
