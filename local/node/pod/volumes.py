"""Volumes of one Pod: folders, and files from ConfigMaps, Secrets, the downward API and ServiceAccount tokens."""

from __future__ import annotations

import asyncio
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from local.engines.runtime.files import write
from local.node.api import Api, ApiError, Object
from local.node.pod.environment import MissingReference, decode_data, expand, field_value, resource_value
from local.node.pod.ownership import give, group_mode, replace
from local.node.pod.security import token_owner, volume_group
from local.node.runtime.execution import Mount, can_change_user

_DEFAULT_MODE = 0o644
_EMPTY_MODE, _FILES_MODE = 0o777, 0o755
_OWNED_TOKEN_MODE = 0o600
_TOKEN_SECONDS = 3607
"""The API server extends a token with exactly this lifetime to a year, for programs that read it only once."""


@dataclass(frozen=True)
class VolumeFile:
    path: str
    content: bytes
    mode: int
    owner: int | None = None
    """uid; None for root."""


class Volumes:
    """One folder per volume in `folder`. `persistent` has the cluster's PersistentVolumes, which outlive Pods."""

    def __init__(
        self, api: Api, pod: Callable[[], Object], addresses: Mapping[str, str], folder: Path, persistent: Path
    ) -> None:
        self._api = api
        self._pod = pod
        self._addresses = addresses
        self._folder = folder
        self._persistent = persistent
        self._paths: dict[str, Path] = {}
        self._tokens: dict[str, tuple[float, bytes]] = {}

    async def prepare(self) -> None:
        """Creates all volumes, and gives them to the group of the Pod. Raises as `refresh` does, or OSError."""
        await self.refresh()
        group = volume_group(self._pod())
        if group is None or not can_change_user():
            return
        for volume in self._volumes():
            if "hostPath" not in volume:
                await asyncio.to_thread(give, self._paths[volume["name"]], group, bool(_file_sources(volume)))

    @property
    def kubeconfig(self) -> Path:
        """Authenticates as the Pod's ServiceAccount; exists only if the Pod has a token."""
        return self._folder / ".process-node" / "kubeconfig"  # no volume has such a name

    @property
    def refreshable(self) -> bool:
        """Whether any volume has files that can change."""
        return any(_file_sources(volume) for volume in self._volumes())

    async def refresh(self) -> None:
        """Creates all volumes or updates their files. Raises MissingReference or ApiError."""
        for volume in self._volumes():
            name, folder = volume["name"], self._folder / volume["name"]
            if "persistentVolumeClaim" in volume:
                self._paths[name] = await self._persistent_volume(volume["persistentVolumeClaim"]["claimName"])
            elif "hostPath" in volume:
                self._paths[name] = Path(volume["hostPath"]["path"])
            elif "emptyDir" in volume or _file_sources(volume):
                self._paths[name] = folder
                if not folder.exists():
                    folder.mkdir(parents=True)
                    folder.chmod(_EMPTY_MODE if "emptyDir" in volume else _FILES_MODE)
                await self._write_files(folder, _file_sources(volume))
            else:
                kind = ", ".join(volume.keys() - {"name"})
                raise MissingReference(f"volume {name}: this node does not support volumes of the kind {kind}")

    def mounts(self, container: Object, env: Mapping[str, str]) -> list[Mount]:
        """Mounts of the container; call it after `refresh`."""
        return [self._mount(volume_mount, env) for volume_mount in container.get("volumeMounts", [])]

    def _mount(self, volume_mount: Object, env: Mapping[str, str]) -> Mount:
        source = self._paths[volume_mount["name"]]
        sub_path = volume_mount.get("subPath") or expand(volume_mount.get("subPathExpr", ""), env)
        if sub_path:
            source = source / sub_path
            if not source.exists():
                source.mkdir(parents=True)
                source.chmod(stat.S_IMODE(self._paths[volume_mount["name"]].stat().st_mode))
        return Mount(source, volume_mount["mountPath"], volume_mount.get("readOnly", False))

    def _volumes(self) -> list[Object]:
        return self._pod()["spec"].get("volumes", [])

    async def _persistent_volume(self, claim: str) -> Path:
        found = await self._api.get(f"/api/v1/namespaces/{self._namespace}/persistentvolumeclaims/{claim}")
        if found.get("status", {}).get("phase") != "Bound":
            raise MissingReference(f'persistentvolumeclaim "{claim}" is not bound')
        path = self._persistent / found["spec"]["volumeName"]
        path.mkdir(parents=True, exist_ok=True, mode=_FILES_MODE)
        return path

    async def _write_files(self, folder: Path, sources: list[tuple[str, Object, int]]) -> None:
        files = [file for kind, source, mode in sources for file in await self._files(kind, source, mode)]
        desired = {folder / file.path for file in files}
        for file in files:
            path = folder / file.path
            if not path.exists() or path.read_bytes() != file.content:
                self._write(path, file)
        if sources:
            _delete_stale(folder, desired)

    def _write(self, path: Path, file: VolumeFile) -> None:
        """Readable for the Pod's group, too, from the first moment: the file replaces one that is being read."""
        group = volume_group(self._pod()) if can_change_user() else None
        owner = -1 if file.owner is None or not can_change_user() else file.owner
        mode = file.mode if group is None else group_mode(stat.S_IFREG | file.mode, read_only=True)
        replace(path, file.content, mode, owner, -1 if group is None else group.gid)

    async def _files(self, kind: str, source: Object, mode: int) -> list[VolumeFile]:
        mode = source.get("defaultMode", mode)
        if kind == "downwardAPI":
            return [
                VolumeFile(i["path"], self._field(i).encode(), i.get("mode", mode)) for i in source.get("items", [])
            ]
        if kind == "serviceAccountToken":
            owner, group = token_owner(self._pod()), volume_group(self._pod())
            mode = mode if owner is None and group is None else _OWNED_TOKEN_MODE
            return [VolumeFile(source["path"], await self._token(source), mode, owner)]
        plural = {"configMap": "configmaps", "secret": "secrets"}[kind]
        name = source.get("secretName") or source["name"]
        data = await self._data(plural, name, source.get("optional", False))
        if "items" not in source:
            return [VolumeFile(key, value, mode) for key, value in data.items()]
        missing = [item["key"] for item in source["items"] if item["key"] not in data]
        if missing and not source.get("optional"):
            raise MissingReference(f"references non-existent key {missing[0]} of {plural[:-1]} {name}")
        items = [item for item in source["items"] if item["key"] in data]
        return [VolumeFile(item["path"], data[item["key"]], item.get("mode", mode)) for item in items]

    async def _data(self, plural: str, name: str, optional: bool) -> dict[str, bytes]:
        try:
            return decode_data(plural, await self._api.get(f"/api/v1/namespaces/{self._namespace}/{plural}/{name}"))
        except ApiError as error:
            if error.code != 404:
                raise
        if optional:
            return {}
        raise MissingReference(f'{plural[:-1]} "{name}" not found')

    def _field(self, item: Object) -> str:
        if "resourceFieldRef" in item:
            selector = item["resourceFieldRef"]
            containers = {c["name"]: c for c in self._pod()["spec"]["containers"]}
            return resource_value(containers[selector["containerName"]], selector)
        return field_value(self._pod(), item["fieldRef"]["fieldPath"], self._addresses)

    async def _token(self, source: Object) -> bytes:
        key = f"{source.get('audience', '')} {source['path']}"
        expires, token = self._tokens.get(key, (0.0, b""))
        if time.time() < expires:
            return token
        meta, seconds = self._pod()["metadata"], source.get("expirationSeconds", _TOKEN_SECONDS)
        account = self._pod()["spec"].get("serviceAccountName", "default")
        request = {
            "audiences": [source["audience"]] if source.get("audience") else [],
            "expirationSeconds": seconds,
            "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": meta["name"], "uid": meta["uid"]},
        }
        path = f"/api/v1/namespaces/{self._namespace}/serviceaccounts/{account}/token"
        answer = await self._api.post(
            path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": request}
        )
        token = answer["status"]["token"].encode()
        self._tokens[key] = time.time() + 0.8 * seconds, token
        if not source.get("audience"):
            self._write_kubeconfig(token.decode())
        return token

    def _write_kubeconfig(self, token: str) -> None:
        # The token itself, not tokenFile: not every client reads that.
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "cluster",
                    "cluster": {"server": self._api.server, "certificate-authority-data": self._api.ca_data},
                }
            ],
            "users": [{"name": "pod", "user": {"token": token}}],
            "contexts": [
                {"name": "pod", "context": {"cluster": "cluster", "user": "pod", "namespace": self._namespace}}
            ],
            "current-context": "pod",
        }
        # Whoever the Pod's processes run as; others do not get into the folders of Pods.
        write(self.kubeconfig, yaml.safe_dump(content).encode(), _DEFAULT_MODE)

    @property
    def _namespace(self) -> str:
        return self._pod()["metadata"]["namespace"]


def _delete_stale(folder: Path, desired: set[Path]) -> None:
    for path in [path for path in folder.rglob("*") if path.is_file() and path not in desired]:
        path.unlink()


def _file_sources(volume: Object) -> list[tuple[str, Object, int]]:
    """Kind, source and default mode of each source of files of this volume."""
    kinds = ("configMap", "secret", "downwardAPI", "serviceAccountToken")
    projected = volume.get("projected", {})
    mode = projected.get("defaultMode", _DEFAULT_MODE)
    found = [(kind, source[kind], mode) for source in projected.get("sources", []) for kind in kinds if kind in source]
    return found + [(kind, volume[kind], _DEFAULT_MODE) for kind in kinds if kind in volume]
